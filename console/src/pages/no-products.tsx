// What every page shows where there is no product yet: how to make the first one.

import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { CubeIcon } from '@radix-ui/react-icons'
import { useLooking } from '../shell.tsx'
import { Empty } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { NewProduct } from './new-product.tsx'

export function NoProducts() {
  const { words } = useSpeech()
  const { role } = useLooking()
  const [opened, { open, close }] = useDisclosure()
  return (
    <>
      <Empty icon={<CubeIcon width={26} height={26} />} title={words.keys.noProducts} text={words.keys.noProductsText}>
        {role === 'admin' ? <Button onClick={open}>{words.keys.newProduct}</Button> : words.keys.readOnly}
      </Empty>
      <NewProduct opened={opened} close={close} />
    </>
  )
}
