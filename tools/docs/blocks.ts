// Every generated block of the documents, by its name.
import { apiBlocks } from './api.ts'
import { cliBlocks } from './cli.ts'
import { errorBlocks } from './errors.ts'
import { guessBlocks } from './guesses.ts'
import { metricBlocks } from './metrics.ts'
import { numberBlocks } from './numbers.ts'
import { settingBlocks } from './settings.ts'

/** Name → Markdown. */
export async function createBlocks(): Promise<Map<string, string>> {
  return new Map(
    Object.entries({
      ...settingBlocks(),
      ...errorBlocks(),
      ...numberBlocks(),
      ...metricBlocks(),
      ...guessBlocks(),
      ...cliBlocks(),
      ...(await apiBlocks())
    })
  )
}
