// Ten thousand stories of session.test.ts.
import t from 'tap'
import { tellStory, told } from '../../support/stories.ts'

for (const [what, options, stories] of [
  ['two proxies', { proxies: 2, kills: 0, outageMs: 8000, noticeMs: 8000 }, 5000],
  ['two proxies, one of which notices late', { proxies: 2, kills: 0, outageMs: 5000, noticeMs: 45_000 }, 3000],
  ['three proxies, one of which ends', { proxies: 3, kills: 1, outageMs: 8000, noticeMs: 20_000 }, 1500],
  ['five proxies, two of which end', { proxies: 5, kills: 2, outageMs: 8000, noticeMs: 8000 }, 500]
] as const)
  t.test(`stories of ${what}`, async t => {
    for (let seed = 1001; seed <= 1000 + stories; seed++) {
      const faults = tellStory(seed, options)
      if (faults.length > 0) t.fail(`seed ${seed}: ${faults.slice(0, 3).join('; ')}`)
    }
    t.pass(`${stories} stories, ${JSON.stringify(told)} so far`)
  })
