// Two friendly words for an id, such as "amber otter": people tell computers and peers apart by them. The same id has the
// same words on every machine. They prove nothing: there are 65536 pairs, and a hostile proxy can look for an id that fits.

/** 256 qualities. Each goes well with each of the nouns. Never change a list: words on two machines would differ. */
const QUALITIES = `
agile alert alpine amber ample aqua arctic artful atomic autumn azure balmy basic bold bouncy brave breezy bright
brisk bubbly busy calm candid careful caring casual cheery chief chilly choice civil classic clean clear clever cloudy
coastal cobalt comfy copper coral cordial cosmic cosy crafty crisp crystal curious curly cyan daily dainty dapper
daring dear dotted dreamy eager early earnest easy elegant emerald epic equal even exact expert fabled fair famous
fancy festive fine firm fleet fluent fluffy flying frank free fresh frosty frugal full funny gentle gifted gilded
giving glad global glossy golden grand great green handy happy hardy hazel hearty helpful hidden high honest humble
icy ideal indigo inner ivory jaunty jolly jovial joyful keen kind lasting leafy learned light lilac lively local lofty
loyal lucid lucky lunar magic major maple mellow merry mighty mild mindful minty misty modern modest mossy mystic navy
neat nice nimble noble northern novel ocean open orange orderly paper patient pearly perky playful plucky plum polar
polite prime proud prudent pure purple quick quiet quirky radiant rapid ready real regal relaxed rich robust rosy
round royal ruby rustic sandy savvy scarlet serene sharp shiny silent silky silver simple sincere sleek smart smiling
smooth snowy snug social soft solar solid sonic sparkly speedy spiral spotted spring spry stable starry steady stellar
still striped sturdy sunny super sure sweet swift tall teal tender thrifty tidy tiny topaz tranquil true trusty twin
upbeat urban useful valiant velvet verdant vernal violet vital vivid warm wavy western windy wise witty woven young
zany zesty`
  .trim()
  .split(/\s+/)

/** 256 animals, plants and things. */
const NOUNS = `
acorn alpaca anchor apple apricot aspen atlas avocado badger bagel balloon bamboo banjo basket beacon bell bicycle
birch biscuit bison bluebird bobcat bonsai bridge brook bucket buffalo button cactus camel canary candle canoe canyon
caribou carrot castle cedar cello cheetah cherry chestnut chipmunk cinnamon clarinet cloud clover coconut comet
compass condor cookie cotton cougar cove crane creek cricket crocus curlew daisy deer delta dolphin donut dove dragon
dune eagle egret elk elm emu falcon feather fern ferret fiddle fig finch firefly flamingo flute forest fountain fox
gazelle gecko geyser ginger giraffe glacier glider globe grape grove guitar hamster harbor harp hawk hazelnut hedgehog
heron honey horizon husky ibex ibis iceberg iguana impala iris island jackdaw jaguar jasmine jay juniper kayak kestrel
kettle kite kitten kiwi koala lagoon lake lantern lark laurel lemon leopard lily lion lizard llama lobster lotus lynx
macaw magnet magpie manatee mandolin mango marble marigold marlin marmot marten meadow meerkat melon meteor mill
mitten moon moose mountain narwhal nebula nutmeg oak oasis ocelot octopus orbit orca orchard orchid oriole osprey
ostrich otter owl paddle panda panther papaya parrot peach pear pebble pelican penguin pepper petal pheasant piano
pine planet plover poppy prairie puffin puma pumpkin quail quokka rabbit raccoon rainbow raven reef reindeer ribbon
river robin rocket rose saffron sail salmon sapling saturn seahorse seal sequoia skylark sparrow spruce squirrel star
starfish stork stream summit swallow swan sycamore tapir teapot tern thistle tiger toucan tractor trout tulip tuna
valley vine violin volcano wagon walnut walrus whale willow wolf wombat wren yak zebra zephyr`
  .trim()
  .split(/\s+/)

/** The words of an id: those at two bytes of a hash of its text (FNV-1a, then the last steps of MurmurHash3). */
export function friendlyWords(id: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash ^= hash >>> 16
  return `${QUALITIES[hash & 0xff]!} ${NOUNS[(hash >>> 8) & 0xff]!}`
}
