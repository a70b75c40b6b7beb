// The OpenAPI document as a judge: whether a value, or a whole reply of a server, is what it says. Strict where the document
// is not: a reply with a field, a header or a status that is not described is refused too.

import assert from 'node:assert/strict'
import { openApiDocument } from '@datapulse/contract/openapi'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { limits } from '../../server/src/limits.ts'

/** Headers of any reply of HTTP, which a document says nothing of. */
const ofHttp = new Set(['content-type', 'content-length', 'date', 'connection', 'keep-alive'])

type Json = Record<string, unknown>
type Header = { required?: boolean; schema: object }
type Content = { schema: object; examples: Record<string, { value: unknown }> }
export type Described = {
  description: string
  headers?: Record<string, Header>
  content?: Record<string, Content>
}
export type Operation = {
  operationId: string
  requestBody?: { content: Record<string, Content> }
  responses: Record<string, Described>
}

export const document = openApiDocument('0.0.0', limits)

const ajv = new Ajv2020({ strict: false, allErrors: true })
// The types of this package describe what CommonJS makes of it.
;(addFormats as unknown as (to: Ajv2020) => void)(ajv)
ajv.addKeyword({
  keyword: 'x-max-bytes',
  type: 'string',
  validate: (max: number, value: string) => Buffer.byteLength(value.trim()) <= max,
})
ajv.addSchema(document, 'document')
ajv.addSchema(closed(document) as Json, 'closed')

const validators = new Map<string, ValidateFunction>()

/** A schema of the document, by name; replies are read `closed`. */
export function schemaOf(name: string, as: 'document' | 'closed' = 'document'): ValidateFunction {
  return validatorOf({ $ref: `#/components/schemas/${name}` }, as)
}

/** Every operation, with what it refers to in place. */
export const operations: { method: string; path: string; operation: Operation }[] = Object.entries(
  document['paths'] as Record<string, Record<string, Operation>>,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
)

export type Told = { status: number; headers: Headers; text: string }

/** A reply to a request that was addressed to one of the operations is one that it describes. */
export function assertDescribed(method: string, target: string, reply: Told): void {
  const operation = operationOf(method, target)
  if (operation === null) return
  const where = `${method} ${target}: ${reply.status} ${reply.text.slice(0, 500)}`
  const sent = operation.responses[reply.status]
  assert.ok(sent !== undefined, `no such status is described: ${where}`)
  const described = resolved(sent) as Described
  const named = new Set(Object.keys(described.headers ?? {}).map(name => name.toLowerCase()))
  for (const [name, header] of Object.entries(described.headers ?? {})) {
    const { required = false, schema } = resolved(header) as Header
    const value = reply.headers.get(name)
    assert.ok(value !== null || !required, `${name} is missing: ${where}`)
    if (value !== null) assertValid(validatorOf(schema), readHeader(value, schema), `${name} of ${where}`)
  }
  for (const name of reply.headers.keys())
    assert.ok(named.has(name) || ofHttp.has(name), `the header ${name} is not described: ${where}`)
  const content = described.content?.['application/json']
  if (content === undefined || method === 'HEAD') return
  assertValid(validatorOf(closed(content.schema), 'closed'), JSON.parse(reply.text), where)
}

export function resolved(value: object): object {
  const ref = (value as { $ref?: string }).$ref
  if (ref === undefined) return value
  const parts = ref.split('/').slice(1)
  return parts.reduce((at, part) => (at as Json)[part] as object, document as object)
}

function operationOf(method: string, target: string): Operation | null {
  const path = target
    .replace(/\?.*$/, '')
    .replace(/^\/\//, '/')
    .replace(/(.)\/$/, '$1')
  const found = operations.filter(
    one => one.path === path || (one.path.includes('{') && path.startsWith(one.path.replace(/\{.*/, ''))),
  )
  const same = found.find(one => one.method === method || (method === 'HEAD' && one.method === 'GET'))
  // Another method on a path of ours is answered as its operation says.
  return (same ?? found[0])?.operation ?? null
}

function validatorOf(schema: object, as: 'document' | 'closed' = 'document'): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/', `"${as}#/`)
  const known = validators.get(text) ?? ajv.compile(JSON.parse(text) as object)
  validators.set(text, known)
  return known
}

function assertValid(validate: ValidateFunction, value: unknown, where: string): void {
  if (!validate(value)) assert.fail(`${where}\n${ajv.errorsText(validate.errors)}`)
}

function readHeader(value: string, schema: object): unknown {
  return (schema as { type?: string }).type === 'integer' ? Number(value) : value
}

/** The same without room for what is not described. */
function closed(value: unknown): object {
  if (Array.isArray(value)) return value.map(one => (typeof one === 'object' ? closed(one) : one) as object)
  const entries = Object.entries(value as Json).map(([key, inner]) => [
    key,
    typeof inner === 'object' && inner !== null ? closed(inner) : inner,
  ])
  const copy = Object.fromEntries(entries) as Json
  const isObject = copy['type'] === 'object' && copy['properties'] !== undefined
  if (isObject && copy['additionalProperties'] === undefined) copy['additionalProperties'] = false
  return copy
}
