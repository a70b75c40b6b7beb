// `datapulse products list|create`.

import type { Command } from 'commander'
import { type AdminChoice, adminOf, examples, type Setting, withAdmin } from '../command.ts'
import { plain } from '../output.ts'

type Product = { id: string; created_at: string }

export function addProducts(program: Command, setting: Setting): void {
  const products = program.command('products').description('the products whose events are kept')

  withAdmin(products.command('list'), setting)
    .description('list the products')
    .addHelpText('after', examples('datapulse products list', 'datapulse products list --json'))
    .action(async (choice: AdminChoice) => {
      const body = await adminOf(choice, setting).get<{ products: Product[] }>('/api/products')
      if (choice.json) setting.output.json(body.products)
      else
        setting.output.table(
          ['product', 'created'],
          body.products.map(({ id, created_at }) => [id, created_at]),
        )
    })

  withAdmin(products.command('create'), setting)
    .description('make a product; nothing happens when it is there already')
    .argument('<name>', 'a-z, 0-9, - and _, at most 63 characters')
    .addHelpText('after', examples('datapulse products create casino-1'))
    .action(async (name: string, choice: AdminChoice) => {
      const product = await adminOf(choice, setting).post<Product>('/api/products', { id: name })
      if (choice.json) setting.output.json(product)
      else setting.output.line(`Product ${plain(product.id)} is there, made ${product.created_at}.`)
    })
}
