// What a reply says is wrong, each with the way to its field; and what it says beside: names that were hardly meant, with what
// puts them right.

import { fold, knownEventNames } from '@datapulse/contract/names'
import { Badge, Box, Button, Group, Stack, Text } from '@mantine/core'
import { eventsOf, shownIn } from '../composed.ts'
import { inert } from '../sent-body.ts'
import { type Draft, hintsIn, violationsIn } from '../tries.ts'
import { flagMeaning } from '../words/flags.ts'
import { useSpeech } from '../words/language.tsx'
import { useTryWords } from '../words/try-it.ts'
import { Said } from './said.tsx'

export type Mending = {
  lookAt: (index: number, field: string) => void
  rename: (index: number, from: string, to: string) => void
  callIt: (index: number, name: string) => void
}

const shownMost = 50

export function TryFindings({ of, body, ...mending }: { of: Draft; body: string } & Mending) {
  const told = useTryWords()
  const { tell } = useSpeech()
  const { violations, total } = violationsIn(body)
  return (
    <>
      {violations.length > 0 && (
        <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: 'none' }} aria-label={told.violations}>
          {violations.slice(0, shownMost).map(({ index, field, rule, message }, nth) => (
            <Group key={nth} component="li" gap="xs" align="flex-start" justify="space-between">
              <Box flex={1} miw={220}>
                <Badge variant="light" color="red" mr="xs">
                  {inert(rule)}
                </Badge>
                {index !== undefined && (
                  <Text span size="xs" c="dimmed" mr="xs">
                    {told.event(tell.number(index + 1))}
                  </Text>
                )}
                <Text span size="sm" className="sent">
                  <Said rule={rule} message={message} />
                </Text>
              </Box>
              <Button
                size="compact-sm"
                variant="default"
                style={{ flexShrink: 0 }}
                onClick={() => mending.lookAt(index ?? 0, field)}
              >
                {told.goTo(field === '$' ? told.body : inert(field))}
              </Button>
            </Group>
          ))}
          {total > shownMost && <li>{told.furtherViolations(tell.number(total - shownMost))}</li>}
        </Stack>
      )}
      <Hints of={of} body={body} {...mending} />
    </>
  )
}

function Hints({ of, body, rename, callIt }: { of: Draft; body: string } & Mending) {
  const told = useTryWords()
  const { language } = useSpeech()
  const { misspelled, flags: noted } = hintsIn(body)
  const found = [
    ...misspelled.map(({ index, sent, expected }) => ({
      badge: 'misspelled',
      text: told.misspelledHint(inert(sent), expected),
      mend: { label: told.rename(expected), act: () => rename(index, sent, expected) },
    })),
    ...noted.map(({ index, flag }) => {
      const name = nameIn(of, index)
      const known = flag === 'near_miss_name' ? knownEventNames.find(one => fold(one) === fold(name)) : undefined
      return {
        badge: flag,
        text: known === undefined ? flagMeaning(flag, language) : told.nearMiss(inert(name), known),
        mend: known === undefined ? null : { label: told.callIt(known), act: () => callIt(index, known) },
      }
    }),
  ]
  if (found.length === 0) return null
  return (
    <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: 'none' }} aria-label={told.hints}>
      {found.slice(0, shownMost).map(({ badge, text, mend }, nth) => (
        <Group key={nth} component="li" gap="xs" align="flex-start" justify="space-between">
          <Box flex={1} miw={220}>
            <Badge variant="light" color="yellow" mr="xs">
              {inert(badge)}
            </Badge>
            <Text span size="sm" className="sent">
              {text}
            </Text>
          </Box>
          {mend !== null && (
            <Button size="compact-sm" variant="default" style={{ flexShrink: 0 }} onClick={mend.act}>
              {mend.label}
            </Button>
          )}
        </Group>
      ))}
    </Stack>
  )
}

function nameIn({ text, kind }: Draft, index: number): string {
  const composed = eventsOf(text, kind)
  return 'events' in composed ? shownIn(composed.events[index]?.['event_name']).trim() : ''
}
