// docs/guides/errors.md and its sibling in Traditional Chinese, made from the contract's lists and one file of texts for each
// language; a test holds the pages and the lists equal, and `node tools/write-pages.ts` writes them anew. What the server
// answers to an example is asked of the contract's own check.

import { checkBody, type Code, codes, type Rule, rules } from '../../contract/contract.ts'
import { ruleExamples } from './examples.ts'

export type Language = {
  opening: string
  glanceTitle: string
  glanceHead: [string, string]
  glance: [string, string][]
  codesTitle: string
  codesOpening: string
  rulesTitle: string
  rulesOpening: string
  fix: string
  colon: string
  lookFor: string
  sent: string
  answered: string
  right: string
  codes: Record<Code, { meaning: string; fix: string; causes: string[] }>
  rules: Record<Rule, { meaning: string; fix: string }>
}

/** Examples are checked as if it were this moment. */
const nowMs = Date.UTC(2026, 5, 1)

export function errorGuide(language: Language): string {
  const codeNames = Object.keys(codes) as Code[]
  const ruleNames = Object.keys(rules) as Rule[]
  const parts = [
    language.opening,
    language.glanceTitle,
    table(language.glanceHead, language.glance),
    language.codesTitle,
    language.codesOpening,
    ...codeNames.flatMap(code => codePart(code, language)),
    language.rulesTitle,
    language.rulesOpening,
    ...ruleNames.flatMap(rule => rulePart(rule, language)),
  ]
  return `${parts.join('\n\n')}\n`
}

function codePart(code: Code, language: Language): string[] {
  const { status, error } = codes[code]
  const { meaning, fix, causes } = language.codes[code]
  return [
    `### ${code}`,
    `\`${status} ${error}\`${language.colon}${meaning}`,
    `**${language.fix}**${language.colon}${fix}`,
    language.lookFor,
    causes.map(cause => `- ${cause}`).join('\n'),
  ]
}

function rulePart(rule: Rule, language: Language): string[] {
  const { meaning, fix } = language.rules[rule]
  const { kind, sent, isShown, right } = ruleExamples[rule]
  const outcome = checkBody(Buffer.from(sent), kind, nowMs)
  if (outcome.ok) throw new Error(`The example of ${rule} breaks no rule`)
  const { violations } = outcome
  return [
    `### ${rule}`,
    meaning,
    `**${language.fix}**${language.colon}${fix}`,
    ...(isShown ? [language.sent, fenced(sent, rule === 'syntax' ? '' : 'json')] : []),
    language.answered,
    fenced(JSON.stringify(violations[0]), 'json'),
    ...(right === null ? [] : [language.right, fenced(right, 'json')]),
  ]
}

function fenced(text: string, fence: string): string {
  return `\`\`\`${fence}\n${text}\n\`\`\``
}

function table(head: [string, string], rows: [string, string][]): string {
  const line = (cells: [string, string]) => `| ${cells.join(' | ')} |`
  return [line(head), '|---|---|', ...rows.map(line)].join('\n')
}
