// What is around every page: which product is looked at, where one can go, and how to leave.

import {
  AppShell,
  Avatar,
  Badge,
  Burger,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Select,
  Text,
  UnstyledButton,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  ActivityLogIcon,
  CrossCircledIcon,
  BarChartIcon,
  DashboardIcon,
  ExitIcon,
  GearIcon,
  LightningBoltIcon,
  LockClosedIcon,
  MagicWandIcon,
  PaperPlaneIcon,
  PersonIcon,
} from '@radix-ui/react-icons'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { NavLink as RouteLink, Outlet, useLocation, useNavigate, useOutletContext, useParams } from 'react-router'
import { change } from './api.ts'
import { AppearanceMenu, LanguageMenu } from './choices.tsx'
import { type Guess, keptProduct, noProduct } from './paths.ts'
import { productsQuestion, type Role } from './questions.ts'
import { Mark } from './sign-in.tsx'
import { UnknownProduct } from './pages/unknown-product.tsx'
import { Loading, Unanswered } from './states.tsx'
import { useSpeech } from './words/language.tsx'

const pages = [
  ['overview', <DashboardIcon key="overview" />],
  ['events', <ActivityLogIcon key="events" />],
  ['live', <LightningBoltIcon key="live" />],
  ['rejected', <CrossCircledIcon key="rejected" />],
  ['reports', <BarChartIcon key="reports" />],
  ['keys', <LockClosedIcon key="keys" />],
  ['try', <PaperPlaneIcon key="try" />],
  ['help', <MagicWandIcon key="help" />],
  ['system', <GearIcon key="system" />],
  ['access', <PersonIcon key="access" />],
] as const

/** What every page knows: the product that is looked at, null where there is none at all, and by whom. */
export type Looking = { product: string | null; role: Role }

export function useLooking(): Looking {
  return useOutletContext<Looking>()
}

export function Shell({ role, name }: { role: Role; name: string | null }) {
  const { words } = useSpeech()
  const [opened, { toggle, close }] = useDisclosure()
  const products = useQuery(productsQuestion)
  const params = useParams()
  const { pathname, search, state } = useLocation()
  const page = pathname.split('/')[2] ?? 'overview'
  const navigate = useNavigate()
  const ids = products.data?.map(({ id }) => id)
  const named = params['product'] ?? noProduct
  const isGuess = (state as Guess | null)?.isGuess === true
  const asked = isGuess && ids?.includes(named) === false ? noProduct : named
  const product = ids === undefined ? null : chosenOf(ids, asked)
  const isUnknown = product !== null && asked !== noProduct && asked !== product
  const [missing, setMissing] = useState<string | null>(null)
  const { refetch } = products

  // Somebody else may have made it since.
  useEffect(() => {
    if (isUnknown) void refetch().then(() => setMissing(asked))
  }, [isUnknown, asked, refetch])
  useEffect(() => {
    if (ids === undefined || isUnknown || asked === (product ?? noProduct)) return
    void navigate(`/${product ?? noProduct}/${page}`, { replace: true })
  })
  useEffect(() => {
    if (product !== null) localStorage.setItem(keptProduct, product)
    const title = words.pages[page as keyof typeof words.pages]
    document.title = [title, isUnknown ? asked : product, words.name].filter(Boolean).join(' · ')
  }, [product, page, words, isUnknown, asked])

  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip" href="#content" onClick={skip}>
        {words.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px={{ base: 'sm', sm: 'lg' }} justify="space-between" wrap="nowrap" gap="sm">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={words.menu} />
            <Group visibleFrom="sm" w={190}>
              <Mark />
            </Group>
            <Select
              aria-label={words.product}
              placeholder={isUnknown ? asked : words.noProduct}
              data={ids ?? []}
              value={isUnknown ? null : product}
              onChange={chosen => chosen !== null && void navigate(`/${chosen}/${page}${keptOf(page, search)}`)}
              searchable={(ids?.length ?? 0) > 8}
              allowDeselect={false}
              disabled={ids === undefined || ids.length === 0}
              w={{ base: 150, xs: 220 }}
              comboboxProps={{ withinPortal: true, keepMounted: false }}
            />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <LanguageMenu />
            <AppearanceMenu />
            <AccountMenu role={role} name={name} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={words.menu}>
        <ScrollArea flex={1}>
          {pages
            .filter(([id]) => id !== 'access' || role === 'admin')
            .map(([id, icon]) => (
              <NavLink
                key={id}
                component={RouteLink}
                to={`/${product ?? noProduct}/${id}`}
                label={words.pages[id]}
                leftSection={icon}
                active={page === id}
                onClick={close}
                mb={4}
              />
            ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {products.data === undefined ? (
          <Unanswered of={products} />
        ) : isUnknown ? (
          missing === asked ? (
            <UnknownProduct asked={asked} other={product} page={page} />
          ) : (
            <Loading />
          )
        ) : (
          <Outlet key={product} context={{ product, role } satisfies Looking} />
        )}
      </AppShell.Main>
    </AppShell>
  )
}

function AccountMenu({ role, name }: { role: Role; name: string | null }) {
  const { words } = useSpeech()
  const client = useQueryClient()
  const leaving = useMutation({
    mutationFn: () => change('DELETE', '/api/session'),
    // Whoever asked to leave is out, be the server there or not.
    onSettled() {
      client.clear()
      location.reload()
    },
  })
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <UnstyledButton aria-label={words.account}>
          <Avatar radius="xl" size={36} color="teal">
            <PersonIcon width={18} height={18} />
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="bright">
            {name ?? words.role[role]}
          </Text>
          <Badge mt={4} variant="light" size="sm">
            {words.role[role]}
          </Badge>
        </Menu.Label>
        <Menu.Item leftSection={<ExitIcon />} onClick={() => leaving.mutate()}>
          {words.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** The one in the address, else the one that was looked at last, else the first. */
function chosenOf(ids: readonly string[], asked: string | undefined): string | null {
  const kept = localStorage.getItem(keptProduct)
  return ids.find(id => id === asked) ?? ids.find(id => id === kept) ?? ids[0] ?? null
}

/** Days and currency hold for every product; what another page shows is one product's own. */
function keptOf(page: string, search: string): string {
  return page === 'reports' ? search : ''
}

/** The address is the router's. */
function skip(event: React.MouseEvent): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}
