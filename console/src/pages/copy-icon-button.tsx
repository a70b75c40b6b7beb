// A button with a picture that copies a text, and says when it has.

import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { CheckIcon, CopyIcon } from '@radix-ui/react-icons'
import { useSpeech } from '../words/language.tsx'

export function CopyIconButton({ text }: { text: string }) {
  const { words } = useSpeech()
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => {
        const label = copied ? words.keys.copied : words.keys.copy
        return (
          <Tooltip label={label}>
            <ActionIcon variant="default" size="lg" onClick={copy} aria-label={label}>
              {copied ? <CheckIcon /> : <CopyIcon />}
            </ActionIcon>
          </Tooltip>
        )
      }}
    </CopyButton>
  )
}
