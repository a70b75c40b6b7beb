// Every figure, in the order in which they are measured: later ones use the rates that the first ones find.

import { acknowledgement } from './acknowledgement.ts'
import { batches } from './batches.ts'
import { cluster } from './cluster.ts'
import { drain } from './drain.ts'
import type { Figure } from './figure.ts'
import { firstPage } from './first-page.ts'
import { listed } from './listed.ts'
import { memory } from './memory.ts'
import { questions } from './questions.ts'
import { singles } from './singles.ts'
import { stored } from './stored.ts'
import { sustained } from './sustained.ts'

export const figures: Figure[] = [
  singles,
  batches,
  acknowledgement,
  listed,
  drain,
  sustained,
  memory,
  stored,
  questions,
  firstPage,
  cluster,
]
