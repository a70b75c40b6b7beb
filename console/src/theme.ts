// How the console looks: one colour, quiet surfaces, numbers that line up.

import { Badge, Card, createTheme, Drawer, Modal, Table } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: 9,
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  headings: { fontWeight: '650' },
  colors: {
    dark: [
      '#c9d1d9',
      '#b1bac4',
      '#98a2ac',
      '#6e7681',
      '#3d454e',
      '#30363d',
      '#21262d',
      '#1a1e24',
      '#14171b',
      '#0d1014',
    ],
  },
  components: {
    // A header within a dialog is not the page's.
    Modal: Modal.extend({ defaultProps: { attributes: { header: { role: 'presentation' } } } }),
    Drawer: Drawer.extend({ defaultProps: { attributes: { header: { role: 'presentation' } } } }),
    Badge: Badge.extend({
      defaultProps: { tt: 'none' },
      styles: { root: { flexShrink: 0 }, label: { overflow: 'visible' } },
    }),
    Card: Card.extend({ defaultProps: { withBorder: true, padding: 'lg', radius: 'lg' } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'md' } }),
  },
})
