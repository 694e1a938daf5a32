// Two thousand of the stories of session.test.ts, with three and five proxies.
import t from 'tap'
import { tellStories } from '../../support/stories.ts'

tellStories(t, 'three proxies, one of which ends', 1500, 1001)
tellStories(t, 'five proxies, two of which end', 500, 1001)
