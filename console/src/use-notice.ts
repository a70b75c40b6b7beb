// Says in passing that something was done.

import { notifications } from '@mantine/notifications'
import { useSpeech } from './words/language.tsx'

export function useNotice(): (message: string) => void {
  const { words } = useSpeech()
  return message => notifications.show({ message, color: 'teal', closeButtonProps: { 'aria-label': words.keys.close } })
}
