// A secret that is shown this one time, to be copied.

import { Alert, Button, Code, CopyButton, Group, Stack } from '@mantine/core'
import { CheckIcon, CopyIcon, LockClosedIcon } from '@radix-ui/react-icons'
import { useSpeech } from '../words/language.tsx'

export function ShownOnce({ secret, text, done }: { secret: string; text: string; done: () => void }) {
  const { words } = useSpeech()
  return (
    <Stack>
      <Alert color="yellow" icon={<LockClosedIcon />}>
        {text}
      </Alert>
      <Code block className="secret" tabIndex={0} data-testid="secret">
        {secret}
      </Code>
      <Group justify="space-between">
        <CopyButton value={secret} timeout={3_000}>
          {({ copied, copy }) => (
            <Button leftSection={copied ? <CheckIcon /> : <CopyIcon />} onClick={copy} data-autofocus>
              {copied ? words.keys.copied : words.keys.copy}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={done}>
          {words.keys.done}
        </Button>
      </Group>
    </Stack>
  )
}
