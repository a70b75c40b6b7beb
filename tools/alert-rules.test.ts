// The alert rules and the runbook hold together: the rules are YAML of the right form, every metric and label value in
// them exists, every alert has its section and every section its alert.
// What the expressions mean is Prometheus' own to say: `promtool`, where it is installed, checks and tests them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { codes } from '../contract/codes.ts'
import { metrics, roleStarted, roleUp } from '../server/src/metrics.ts'
import { rolesOf } from '../server/src/role-socket.ts'

type Rule = {
  alert: string
  expr: string
  for: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}

const root = join(import.meta.dirname, '..')
const rulesPath = 'deploy/prometheus/datapulse.rules.yml'
const runbook = readFileSync(join(root, 'docs/runbook.md'), 'utf8')
const groups = (parse(readFileSync(join(root, rulesPath), 'utf8')) as { groups: { name: string; rules: Rule[] }[] })
  .groups
const rules = groups.flatMap(group => group.rules)
const alerts = rules.map(rule => rule.alert)

test('every alert says how grave it is, what it means and where to read on', () => {
  assert.ok(rules.length > 20)
  assert.equal(new Set(alerts).size, alerts.length)
  for (const rule of rules) {
    assert.deepEqual(Object.keys(rule).toSorted(), ['alert', 'annotations', 'expr', 'for', 'labels'], rule.alert)
    assert.match(rule.alert, /^Datapulse[A-Za-z]+$/)
    assert.match(rule.for, /^\d+[smh]$/, rule.alert)
    assert.match(rule.labels.severity, /^(critical|warning)$/, rule.alert)
    assert.deepEqual(Object.keys(rule.annotations), ['summary', 'description', 'runbook_url'], rule.alert)
    assert.equal(rule.annotations.runbook_url, `docs/runbook.md#${rule.alert.toLowerCase()}`)
  }
})

test('every metric and every label value that a rule names exists', () => {
  const known = new Set([...metrics.map(({ name }) => name), roleUp.name, roleStarted.name])
  const roles: string[] = rolesOf({ warehouse: 'embedded' })
  for (const { alert, expr, annotations } of rules) {
    const named = `${expr} ${Object.values(annotations).join(' ')}`.match(/\bdatapulse_\w+/g) ?? []
    assert.ok(named.length > 0, alert)
    for (const name of named) assert.ok(known.has(name), `${alert} names ${name}, which there is not`)
    for (const [, label, value] of expr.matchAll(/(\w+)(?:=~|!=|=)"([^"]*)"/g)) {
      const values = label === 'role' ? roles : label === 'code' ? Object.keys(codes) : []
      for (const one of value!.split('|')) assert.ok(values.includes(one), `${alert} asks for ${label}=${one}`)
    }
  }
})

test('every alert has its section in the runbook, and every section of an alert its alert', () => {
  const sections = [...runbook.matchAll(/^### (\S+)$/gm)].map(([, name]) => name as string)
  assert.deepEqual(sections.toSorted(), alerts.toSorted())
  for (const name of sections) {
    const section = runbook.split(`### ${name}\n`)[1]!.split(/^##/m)[0]!
    const parts = [...section.matchAll(/^- \*\*([^*]+)\*\*: \S/gm)].map(([, part]) => part)
    assert.deepEqual(parts, ['Means', 'At stake', 'Look', 'Do', 'Over when'], name)
  }
})

test('every alert has a test of its own in which it fires', () => {
  const { tests } = parse(readFileSync(join(root, 'deploy/prometheus/datapulse.rules.test.yml'), 'utf8')) as {
    tests: { name: string; promql_expr_test: { expr: string }[] }[]
  }
  assert.deepEqual(
    tests.map(({ name }) => name),
    ['all is well', ...alerts],
  )
  for (const { name, promql_expr_test: asked } of tests.slice(1)) assert.ok(asked[0]?.expr.includes(`"${name}"`), name)
})

const promtool = spawnSync('promtool', ['--version']).status === 0
test('Prometheus itself takes the rules, and they fire when they should', {
  skip: promtool ? false : 'promtool is not installed',
}, () => {
  for (const args of [
    ['check', 'rules', rulesPath],
    ['test', 'rules', 'deploy/prometheus/datapulse.rules.test.yml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: root, encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  }
})
