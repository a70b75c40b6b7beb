// What whoever looks may choose for themselves, and this browser remembers: language and appearance.

import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import { CheckIcon, DesktopIcon, GlobeIcon, MoonIcon, SunIcon } from '@radix-ui/react-icons'
import { type Language, languages, useSpeech } from './words/language.tsx'

export function LanguageMenu() {
  const { words, language, choose } = useSpeech()
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={words.language}>
          <GlobeIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(languages).map(([code, name]) => (
          <Menu.Item
            key={code}
            lang={code}
            rightSection={code === language ? <CheckIcon /> : null}
            onClick={() => choose(code as Language)}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

const appearances = { light: <SunIcon />, dark: <MoonIcon />, auto: <DesktopIcon /> }

export function AppearanceMenu() {
  const { words } = useSpeech()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={words.appearance.title}>
          {appearances[colorScheme]}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(['light', 'dark', 'auto'] as const).map(one => (
          <Menu.Item
            key={one}
            leftSection={appearances[one]}
            rightSection={one === colorScheme ? <CheckIcon /> : null}
            onClick={() => setColorScheme(one)}
          >
            {words.appearance[one]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
