// `datapulse products list|create|update`.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'

type Product = { id: string; created_at: string; retention_days: number | null }

export function addProducts(program: Command, setting: Setting): void {
  const products = program
    .command('products')
    .description('make, list and change products: keys, events and reports are each of one')

  withAdmin(products.command('list'), setting)
    .description('list the products')
    .addHelpText('after', examples('datapulse products list', 'datapulse products list --json'))
    .action(async (choice: AdminChoice) => {
      const body = await adminOf(choice, setting).get<{ products: Product[] }>('/api/products')
      if (choice.json) setting.output.json(body.products)
      else
        setting.output.table(
          ['product', 'created', 'events are kept'],
          body.products.map(product => [product.id, product.created_at, keptFor(product)]),
        )
    })

  withAdmin(products.command('create'), setting)
    .description('make a product; nothing happens when it is there already')
    .argument('<name>', 'a-z, 0-9, - and _, at most 63 characters')
    .addHelpText('after', examples('datapulse products create casino-1'))
    .action(async (name: string, choice: AdminChoice) => {
      const product = await adminOf(choice, setting).post<Product>('/api/products', { id: name })
      if (choice.json) setting.output.json(product)
      else setting.output.line(`Product ${product.id} is there, made ${product.created_at}.`)
    })

  withAdmin(products.command('update'), setting)
    .description('change how long the events of a product are kept; what is older is deleted within an hour')
    .argument('<name>', 'the product')
    .requiredOption('--retention <days>', 'days after receipt, 1 to 36500, or never')
    .addHelpText('after', examples('datapulse products update casino-1 --retention 730'))
    .action(async (name: string, choice: AdminChoice & { retention: string }) => {
      const path = `/api/products/${encodeURIComponent(name)}`
      const product = await adminOf(choice, setting).patch<Product>(path, { retention_days: choice.retention })
      if (choice.json) setting.output.json(product)
      else setting.output.line(`Events of ${product.id} are kept ${keptFor(product)}.`)
    })
}

function keptFor({ retention_days: days }: Product): string {
  return days === null ? 'for ever' : days === 1 ? '1 day' : `${days} days`
}
