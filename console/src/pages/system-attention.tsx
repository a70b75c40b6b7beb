// What of the system needs somebody, the worst first, each with the next step; and what was looked at and is good.

import { Badge, Card, Group, Stack, Text, ThemeIcon } from '@mantine/core'
import { CheckCircledIcon, CheckIcon, ExclamationTriangleIcon, QuestionMarkCircledIcon } from '@radix-ui/react-icons'
import type { SystemCheck, SystemVerdict } from '../system-questions.ts'
import { useSpeech } from '../words/language.tsx'
import { tellSystemCheck } from '../words/system-checks.ts'
import { useSystemWords } from '../words/system.ts'
import { Mark } from './verdict.tsx'

export const systemColors: Record<SystemVerdict, string> = {
  problem: 'red',
  attention: 'yellow',
  unknown: 'gray',
  good: 'teal',
}

const worstFirst = ['problem', 'attention', 'unknown'] as const

export function SystemAttention({ checks }: { checks: SystemCheck[] }) {
  const { language, tell } = useSpeech()
  const told = useSystemWords()
  const bad = worstFirst.flatMap(verdict => checks.filter(check => check.verdict === verdict))
  const good = checks.filter(({ verdict }) => verdict === 'good')
  return (
    <Card>
      <Text fw={600} component="h2" fz="md" mb="sm">
        {told.attention}
      </Text>
      {bad.length === 0 ? (
        <Group gap="sm" wrap="nowrap">
          <ThemeIcon variant="light" radius="xl" size={36} aria-hidden>
            <CheckCircledIcon width={20} height={20} />
          </ThemeIcon>
          <Text size="sm">{told.nothing}</Text>
        </Group>
      ) : (
        <Stack gap="md" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {bad.map(check => (
            <Row key={check.check} check={check} />
          ))}
        </Stack>
      )}
      {good.length > 0 && (
        <Group gap={6} mt="md">
          <Text size="xs" c="dimmed" mr={4}>
            {told.alsoGood}:
          </Text>
          {good.map(check => {
            const { title, found } = tellSystemCheck(check, language, tell)
            return (
              <Badge
                key={check.check}
                variant="light"
                leftSection={<CheckIcon aria-hidden />}
                {...(language === 'en' && { title: found })}
              >
                {title}
              </Badge>
            )
          })}
        </Group>
      )}
    </Card>
  )
}

function Row({ check }: { check: SystemCheck }) {
  const { language, tell } = useSpeech()
  const told = useSystemWords()
  const { title, found, next } = tellSystemCheck(check, language, tell)
  const Icon = check.verdict === 'unknown' ? QuestionMarkCircledIcon : ExclamationTriangleIcon
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start">
      <ThemeIcon variant="light" color={systemColors[check.verdict]} radius="xl" size={36} aria-hidden>
        <Icon width={18} height={18} />
      </ThemeIcon>
      <div style={{ flex: 1, minWidth: 0 }}>
        <Group gap="xs" mb={2}>
          <Text fw={600} size="sm">
            {title}
          </Text>
          <Mark color={systemColors[check.verdict]}>{told.verdicts[check.verdict]}</Mark>
        </Group>
        <Text size="sm" className="sent">
          {found}
        </Text>
        {next !== null && (
          <Text size="sm" c="dimmed" className="sent">
            {told.next}: {next}
          </Text>
        )}
      </div>
    </Group>
  )
}
