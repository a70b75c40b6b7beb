// The OpenAPI document: it is one by its own standard and by Redocly's rules, says what the lists of the contract say, and its
// examples are what it describes. That a server does as it says is test/contract/openapi.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { document, operations, resolved, schemaOf } from '../../test/harness/described.ts'
import { codes } from '../codes.ts'
import { fields } from '../fields.ts'
import { flags } from '../flags.ts'
import type { limits } from '../limits.ts'
import { knownEventNames } from '../names.ts'
import { outcomes } from '../outcomes.ts'
import { rules } from '../rules.ts'

type Json = Record<string, unknown>
const { schemas, responses } = document['components'] as Record<'schemas' | 'responses', Record<string, Json>>
const text = JSON.stringify(document)

test('it has no problem by the recommended rules', async () => {
  // Nobody has licensed this API to anybody, so there is no licence to name.
  const config = await createConfig({ extends: ['recommended-strict'], rules: { 'info-license': 'off' } })
  const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config })
  assert.deepEqual(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`),
    [],
  )
  const broken = await lintFromString({
    source: text.replace('"operationId":"sendEvent",', ''),
    absoluteRef: 'b',
    config,
  })
  assert.ok(
    broken.some(({ ruleId }) => ruleId === 'operation-operationId'),
    'that a problem would be told',
  )
})

test('codes, rules, flags and outcomes are those of the contract, both ways', () => {
  const told = Object.entries(responses).flatMap(([name, response]) => {
    const { properties } = resolved({ $ref: schemaRefOf(response) }) as { properties: { code: { enum: string[] } } }
    return properties.code.enum.map(code => [name, code])
  })
  assert.deepEqual(new Set(told.map(([, code]) => code)), new Set(Object.keys(codes)))
  for (const [name, code] of told) assert.equal(name, `Answer${codes[code as keyof typeof codes].status}`)
  const enums = [...text.matchAll(/"enum":(\[[^\]]*\])/g)].map(([, list]) => list)
  for (const list of [rules, flags, outcomes, codes])
    for (const [name, meaning] of Object.entries(list as Record<string, string | { meaning: string; fix: string }>)) {
      assert.ok(
        enums.some(one => one?.includes(`"${name}"`)),
        name,
      )
      for (const said of typeof meaning === 'string' ? [meaning] : [meaning.meaning, meaning.fix])
        assert.ok(text.includes(JSON.stringify(said).slice(1, -1)), said)
    }
  assert.deepEqual(ruleNames(schemas['Violation']), Object.keys(rules))
})

test('every code and every rule has an example of its own', () => {
  const examples = Object.values(responses).flatMap(response => examplesOf(response['content'] as Content))
  const values = examples.map(({ value }) => value as { code: string; violations?: { rule: string }[] })
  assert.deepEqual(new Set(values.map(({ code }) => code)), new Set(Object.keys(codes)))
  const shown = values
    .filter(({ violations }) => violations?.length === 1)
    .map(({ violations }) => violations?.[0]?.rule)
  assert.deepEqual(new Set(shown), new Set(Object.keys(rules)))
})

test('every known event has a schema, with every field that it may have', () => {
  const named = Object.values(schemas).flatMap(({ properties }) => {
    const known = (properties as Record<string, Json> | undefined)?.['event_name']?.['const']
    return known === undefined ? [] : [known]
  })
  assert.deepEqual(new Set(named), new Set(knownEventNames))
  for (const { name, only } of fields)
    for (const schema of ['BetEvent', 'DepositEvent', 'CustomEvent'])
      assert.equal(
        Object.hasOwn((schemas[schema] as { properties: object }).properties, name),
        only === undefined || schema === 'BetEvent',
        `${name} of ${schema}`,
      )
})

test('every limit of the contract is told', () => {
  const said: Record<keyof typeof limits, string> = {
    bodyBytesMax: 'a body of 8 MiB',
    batchEventsMax: 'a batch of 5,000 events',
    bodyValuesMax: 'with 200,000 values',
    eventBytesMax: 'an event of 64 KiB',
    depthMax: '16 levels deep',
    customPropertiesMax: 'with 255 custom properties',
    idBytesMax: '"x-max-bytes":512',
    eventNameCharactersMax: 'At most 128 characters.',
    currencyCharactersMax: 'At most 64 characters.',
    userAgentBytesMax: '"x-max-bytes":4096',
    amountIntegerDigitsMax: '20 digits before the point',
    amountFractionDigitsMax: 'and 18 after it',
    amountAbsoluteBelow: '"exclusiveMaximum":100000000000000000000,',
    timestampSecondsBelow: 'Below 1e11 it is seconds',
    timestampMillisecondsBelow: '"exclusiveMaximum":100000000000000,',
    futureFlaggedMs: '5 minutes ahead of the server is flagged',
    futureRefusedMs: '48 hours is refused',
    violationsListedMax: '"maxItems":100',
    violationsPartialMax: 'the first 10,000 of a reply',
    idempotencyKeyCharactersMax: '"maxLength":255,"pattern":"^[',
    reconciliationDaysMax: '1 to 400 after',
    receiptsOfOutcomeMax: 'Of each outcome, the first 10,000.',
    echoedCharactersMax: 'no value of more than 64 characters',
    requestsPerMinuteDefault: '60 requests in',
    rateWindowMs: 'in 60 seconds unless your key',
  }
  for (const [name, words] of Object.entries(said)) assert.ok(text.includes(words), name)
})

test('every content has an example, and every example is what its schema says', () => {
  let checked = 0
  for (const { operation } of operations) {
    const contents = [operation.requestBody, ...Object.values(operation.responses).map(resolved)]
    for (const { content } of contents.filter(one => one !== undefined) as { content?: Content }[]) {
      if (content === undefined) continue
      const { schema } = content['application/json'] as { schema: { $ref?: string; anyOf?: { $ref: string }[] } }
      const names = (schema.anyOf ?? [schema]).flatMap(({ $ref }) => $ref?.split('/').at(-1) ?? [])
      const examples = examplesOf(content)
      assert.ok(examples.length > 0, operation.operationId)
      for (const { value } of examples) {
        if (names.length === 0) continue
        assert.ok(
          names.some(name => schemaOf(name, 'closed')(value)),
          JSON.stringify(value),
        )
        checked++
      }
    }
  }
  assert.ok(checked > 100)
})

type Content = Record<string, { schema: object; examples: Record<string, { value: unknown }> }>

function examplesOf(content: Content): { value: unknown }[] {
  return Object.values(content).flatMap(({ examples }) => Object.values(examples))
}

function schemaRefOf(response: Json): string {
  const content = response['content'] as Record<string, { schema: { $ref: string } }>
  return content['application/json']?.schema.$ref as string
}

function ruleNames(violation: Json | undefined): string[] {
  const { rule } = (violation as { properties: { rule: { enum: string[] } } }).properties
  return rule.enum
}
