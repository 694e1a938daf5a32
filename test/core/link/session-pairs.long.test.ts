// Eight thousand of the stories of session.test.ts, with two proxies each.
import t from 'tap'
import { tellStories } from '../../support/stories.ts'

tellStories(t, 'two proxies', 5000, 1001)
tellStories(t, 'two proxies, one of which notices up to 45 s later', 3000, 1001)
