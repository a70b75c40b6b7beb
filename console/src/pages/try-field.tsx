// One field of an event, with what it is and what it takes.

import type { Field } from '@datapulse/contract/fields'
import { knownEventNames } from '@datapulse/contract/names'
import { ActionIcon, Autocomplete, NativeSelect, TextInput, Tooltip } from '@mantine/core'
import { ClockIcon, UpdateIcon } from '@radix-ui/react-icons'
import { isRecommended, isRequired, shownIn, valueOf } from '../composed.ts'
import { freshId } from '../mistakes.ts'
import { useSpeech } from '../words/language.tsx'
import { useTryWords } from '../words/try-it.ts'

const choices: Record<string, readonly string[]> = { event_name: knownEventNames, bet_result: ['win', 'loss'] }
const prefixes: Record<string, string> = { transaction_id: 'tx', message_id: 'msg' }

export function fieldId(name: string): string {
  return `try-field-${name}`
}

export function TryField({
  field,
  eventName,
  value,
  error,
  set,
}: {
  field: Field
  eventName: string
  value: unknown
  error: string | null
  set: (value: unknown) => void
}) {
  const told = useTryWords()
  const { name, kind } = field
  const shown = shownIn(value)
  const write = (typed: string) => set(valueOf(kind, typed))
  const props = {
    id: fieldId(name),
    label: name,
    description: useHint(field, eventName),
    required: isRequired(field, eventName),
    error,
    value: shown,
    styles: { label: { fontFamily: 'var(--mantine-font-family-monospace)' } },
  }
  const chosen = choices[name]
  if (chosen !== undefined) return <Autocomplete {...props} data={[...chosen]} onChange={write} />
  if (kind === 'boolean') {
    const others = ['true', 'false', ''].includes(shown) ? [] : [shown]
    return (
      <NativeSelect
        {...props}
        data={[{ value: '', label: told.absent }, 'true', 'false', ...others]}
        onChange={event => write(event.currentTarget.value)}
      />
    )
  }
  return (
    <TextInput
      {...props}
      onChange={event => write(event.currentTarget.value)}
      inputMode={kind === 'number' ? 'decimal' : kind === 'timestamp' ? 'numeric' : 'text'}
      autoComplete="off"
      spellCheck={false}
      rightSection={<Filling field={field} set={set} />}
    />
  )
}

/** Puts in what nobody likes to type. */
function Filling({ field: { name, kind }, set }: { field: Field; set: (value: unknown) => void }) {
  const told = useTryWords()
  const prefix = prefixes[name]
  if (kind !== 'timestamp' && prefix === undefined) return null
  const label = kind === 'timestamp' ? told.now : told.fresh
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`${label}: ${name}`}
        onClick={() => set(prefix === undefined ? Date.now() : freshId(prefix))}
      >
        {prefix === undefined ? <ClockIcon /> : <UpdateIcon />}
      </ActionIcon>
    </Tooltip>
  )
}

function useHint(field: Field, eventName: string): string {
  const { tell } = useSpeech()
  const told = useTryWords()
  const { name, kind, limit, meaning } = field
  const rules = [
    ...(isRecommended(name, eventName) ? [told.recommended] : []),
    told.kindOf[kind],
    ...(limit === undefined ? [] : [told.atMost[limit.unit](tell.number(limit.max))]),
  ]
  return `${told.meanings[name] ?? meaning} ${told.rules(rules)}`
}
