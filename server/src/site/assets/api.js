// The API reference. Nothing of it leaves for another machine: no fonts, no telemetry, no assistants.

Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  layout: 'modern',
  theme: 'default',
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  hideDarkModeToggle: true,
  agent: { disabled: true },
  mcp: { disabled: true },
  orderSchemaPropertiesBy: 'preserve',
  orderRequiredPropertiesFirst: true,
  documentDownloadType: 'direct',
  defaultOpenAllTags: true,
  defaultOpenFirstTag: true,
  darkMode: matchMedia('(prefers-color-scheme: dark)').matches,
})
