// What every page shows where the address names a product that is not there.

import { Button } from '@mantine/core'
import { CubeIcon } from '@radix-ui/react-icons'
import { Link } from 'react-router'
import { Empty } from '../states.tsx'
import { useSpeech } from '../words/language.tsx'
import { PageHead } from './page-head.tsx'

export function UnknownProduct({ asked, other, page }: { asked: string; other: string; page: string }) {
  const { words } = useSpeech()
  const { title, text, go } = words.unknownProduct
  return (
    <>
      <PageHead title={asked} />
      <Empty icon={<CubeIcon width={26} height={26} />} title={title(asked)} text={text}>
        <Button component={Link} to={`/${other}/${page}`}>
          {go(other)}
        </Button>
      </Empty>
    </>
  )
}
