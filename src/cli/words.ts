// 2048 clear English words of four to seven letters, for names that are read out: no two sound alike or differ by one
// letter, and none sounds like another common word. Not a dictionary.
import { randomInt } from 'node:crypto'

/** Words of a channel for one transfer: 33 random bits. Such a name is short enough that guesses at it are rationed. */
export const TRANSFER_WORDS = 3
/** Words of a channel that lasts: 66 random bits. */
export const CHANNEL_WORDS = 6

/** The list, in alphabetical order. */
export const WORDS: readonly string[] = `
abalone about above abroad absorb acacia accent account achieve acid acorn acquire acrobat acrylic action active actor
acute adapt adjust admiral admit adobe adult advance adverb agate agenda agent agility airline airlock airmail airport
airship album alert alfalfa algae algebra alloy almanac almond alpaca alpine alto amaze amber amount amplify amused
anagram anchor ancient angle animal anklet annual antenna anthem anthill antique antler anvil applaud apple appoint
apricot april apron aqua arcade archer archive archway arctic area aroma arrival article artist artwork ascend ashtray
aspen assist assure athlete atlas atomic atrium attic attract audio avenue average avocado awning axis azure baboon
backlog backup bacon bagel baggage bagpipe baker balance balcony ballad balloon bamboo banana banish banjo banner
banquet baobab barbell barber bargain barley basic basket bassoon bath battery bayleaf beam beaming beard beast beauty
beckon bedrock bedroom bedside bedtime beeswax beetle begonia bellhop bellows belt beluga bench beret biceps bicycle
bike binary bingo biology biscuit bison bistro blade blanket blazer bleach blender blind blossom blot blouse bluish
blunt boat bobbin bobcat bodice bodily bonfire bonnet bonsai bonus bookend bookish booklet bootleg borrow bossy botany
bottle bottom bounce bounty bouquet bowtie boxcar bracket brand brave breath breeze briefly bring brioche brisket
brittle broaden brocade bronco bronze brook brother brown brownie brunch brush bubble bucket buckle budget buffalo
bugle builder buildup bulb bulky bulldog bullion bumper bumpy bundle bungee buoy burlap bushel butter button buzz
cabaret cabbage cabin caboose cactus cadet cake calcium calico calypso camel camera camp campus canal canary canasta
candle candy canoe canopy cantata canteen canyon capstan capsule captain capture carafe caramel caravan careful cargo
caribou carpet carpool cartoon carver cashew cashier castle castor catchy catfish catnip cayenne celery cellist
central century ceramic chair chalet chalice chance channel chapel chapter chariot charity charm chat checkup cheddar
cheetah chemist chick chicken chicory chief chiffon child chimney chimp chisel choice chop chorus chronic chubby
chuckle cicada cider cinema circle circus citadel citizen citron citrus city civic clamber clarify class classic
clatter clay cleanup clear clever client climate climb clinic clipper clock cloth cloud club coach coastal cobalt
cobble cobra cobweb coconut cocoon coffee coin collect college cologne column comedy comet comfort comic common
compact company compare compass compete comply compost comrade concert concord condor conduct confess connect console
contour convey cookie cookout copilot copper corner cornice corral corsair cosmos cost cottage cotton cougar count
country couple coupon courage courier cousin cover cowbell cowboy cowslip coyote crab cracker crackle cradle crafty
crater craving crayon creamy create crepe crest cricket crimson crisis crispy crochet crocus croquet crow crowbar
cruiser crumb crystal cubic cubical cubism cuddle cuff culture cupcake cupola cure curious curlew currant curtain
cushion custard cutback cutlass cutlery cycle cyclone dahlia daily dancer daring data daycare daytime dazzle debate
debut decide decimal declare decoy defend degree deliver delta deluxe dentist depart depot deputy derive design desk
detail develop dewdrop diagram dialect diamond diary dice diesel digital dimple dinner diploma direct display distill
divide dogwood dollar dolphin domain domino donate door doorway dormer dove dozen dragon drama dream dress drift drill
drink drizzle drop drummer duchess duffel dugong dune durable dust dynamic dynamo eagle early earth eastern easy ebony
eclair eclipse economy edge edit editor educate effort eggnog egret elapse elastic elbow elder eldest elegant element
eleven elite email embassy emblem embrace emerald empathy emperor empire employ enamel enchant enclose encore endive
endorse energy engine enhance enjoy enlist enrich ensign entry enzyme epic equal equator error erupt escape essay
essence estate estuary etching eternal evening event evoke exact example excited exotic expand expert explain explore
express extra eyeball eyebrow face factory fairway falcon family famous fanatic fancy faraway farmer fasten father
faucet federal fedora fence ferret festive festoon fiction fiddler field fiesta fifteen fifty figure filbert film
filter final finance finger fire firefly first fjord flag flagon flannel flask flavor fleece flicker flight flint flip
flora floret fluent fluffy fluid foamy focus foggy foghorn folder foliage follow font food forage forearm forest
forever form format formula fortify fortune forty fossil foundry foxhole fragile frame freckle freedom freeway freezer
fresco fresh friday friend frills fringe frog frost frozen frugal fruit fuchsia full fungus furlong furnace furrow
future fuzzy gadget galaxy galleon gallery galore gangway gantry garage garden garland garlic garment garnet garter
gateway gauze gazebo gazelle gazette gecko geese gelato general genre gentle genuine geode geology gerbil gherkin
ghost giant gift giggle gimlet gingham giraffe gizmo glacier glad glance glen glider glimmer glimpse glitter global
glory glossy glove goggles gold golden gondola gopher gorge gosling gourmet grace grainy grammar granary grandma
granite granola graphic grapple grassy gravity gravy green grid griddle griffin grocery ground group guava guitar gulf
gumdrop gusset gymnast gypsum habit habitat hacksaw haddock haiku haircut hairdo hairpin halfway halibut halo halter
hamlet hammer hammock hamster handbag handsaw hangout happy hard harmony harness harpist harrier harvest hatchet hazel
hazy head heather heavy helium helix helmet help helpful heron hexagon hickory hidden highway hill hilltop hinge hippo
history hockey holiday holster honey hoof hope hopeful horizon hormone hornet hotdog hotel hotline house huge human
humble humid hundred hurdle hurry husky hydrant hydrate hyena ibex iceberg icebox icicle icon idea igloo iguana image
imagine impala imprint incense inch include index indigo inkpot inkwell inlay inlet input insect inside inspire invent
invite iodine iris island item ivory jackal jackdaw jacket jagged jaguar january jargon jasper java javelin jazz jeep
jester jetty jeweler jigsaw joint joke jolly journal journey jovial joyful joyous jubilee judge juggler juice jukebox
jumbo jump jungle juniper junket jury justice karaoke kayak kebab kennel kestrel keyhole keynote keypad kilt kimono
kind kindle kingdom kingpin kiosk kiss kitchen kitten kiwi knob knuckle koala kumquat label ladle ladybug lagoon
lantern lanyard laptop large lasagna lasso latex lattice laugh laundry laurel layer layout leader leafy league lectern
lecture left legend legible lemming lend lengthy lentil leopard letter lettuce level library lichen lighten lilac
limit linear linen link liquid listen little live loaves lobby lobster local locker lockup locust lofty logbook logic
logical long longbow loofah look lord lottery lotus lounge lovable lovely loyalty lucid lucky luggage lullaby lunar
lunch lush luxury lyric macaw machine magenta magic magma magpie mailbox major makeup mammal mammoth manatee mantra
manual many maple marble march marimba marina mariner market marlin marmot married marshy martini marvel mascara
mascot mask mason massive master mastiff matador maximum meadow meander measure media medical meerkat melody member
memory mention menu mercury merit mermaid message meteor method metric micro midair midday middle mighty migrant
mildew mileage milk million mimic mimosa mindful mine mineral mingle minivan minnow minster minuet minute miracle
mirror mission mistake misty mixture mocha mockery model modern modest module mojo molar mole molten moment monarch
monday monitor monkey monocle moraine mortise motif motion motley motor motto mouth movie muddy muffin mulch mullet
museum music musket muskrat muslin mustang mystery name napkin narrow narwhal nation nature navy nearby nebula neck
necktie nectar needle neon nestle network neutral newborn news nibble nimbus ninja ninth noble nomad noodle north
notepad notice nougat novel nozzle nugget number nursery nutmeg nylon oarsman oasis oatcake oatmeal obelisk oboe
observe ocarina ocelot octagon octave octet october octopus offer office omega omelet once online onyx open opera
opinion opossum option oracle orator orbit orchard orchid order oregano organ organic origami origin oriole osprey
ostrich ottoman outcrop outdoor outer outfit outlet outline outpost output oval ovation overlay overrun oxbow oxygen
oyster ozone package padlock paella page pagoda paint pajama palm pancake panda panel pansy panther pants papaya paper
paprika parable parade paradox parapet parasol parcel parent parfait park parquet parrot parsley parsnip party pass
passage pasta pastel pastime pastry pasture patio patrol pattern payday payroll peach peacock peanut peapod pebble
pecan peddler pelican pencil penguin perfect perfume pergola period permit person petal petunia pewter phone photo
physics pianist piano piccolo pickaxe pickle pickup picnic picture pigeon pigment pigskin pilaf pillow pinball pioneer
pipe pippin pirate piston pitcher pixel pixie pizza place plan planet planner plasma playful playoff playpen plaza
plenty pliant plover plug plume plywood pocket podium poem poetry pogo poise polenta polish polite polka pollen pomelo
pony pool popcorn popular portal postage potato potluck potter poultry power prairie prank precise predict prefer
premium prepare present pretty pretzel price prickly primer printer prism private process produce profile project
promise prong proud proverb public pudding pulley pulsar pumice pumpkin pupil puppet puppy purple purpose puzzle
pyramid python quaint quality quarry quarter queen quest quick quiet quilted quince quokka rabbit raccoon radar
radiate radio radish radius raft rafters rail railway rainbow raisin ramble rampage rampart ranch random range rapid
rapier raptor rattle raven ravine ravioli reality reason rebound rebuild rebus receive recipe recline record recycle
redwing redwood reflect refresh refuel refuge refund regatta reggae region regular rejoice relic relish remind renewal
repaint repair repeat reply report reptile request rescue resin respect restart result retina return reveal review
reward rhino rhubarb rhythm ribbon ringlet ripen ripple rise river rivets roamer robot robotic rodent rodeo roller
romance romper rooftop room rooster rosehip rosy rounded routine rowboat royal rubber ruby rugged rumba runway rural
rustic saddle safari safe saffron saga sailor salad salary salmon salsa saltine salty samba sample samurai sandal
sandbar sandbox sapling sardine satchel satin saturn sauce sauna sausage savory sawdust scallop scalpel scarf scarlet
scarves scatter scenery scepter school science scissor scooter scope scout scratch screen scribe scuba scythe seabird
seafood seagull seaport search seaside seat seaweed second secret section seesaw seltzer seminar senator sepia sequin
sequoia serene servant service sesame settle setup seven seventy sextant sextet shade shadow shallot shampoo shapely
sharp shawl shears sheath shelf shelter shelves sheriff sherpa shingle ship shoal short shovel showbiz shrew shrimp
shrine shrub shuttle sidecar sifted signal silent silica silky silver similar sirloin sitar sixty skater sketch skewer
skillet skin skipper skunk skylark skyline slalom slate sleep slide slow sluice slumber smart smile smooth snake snap
sneeze snorkel snowman snowy snug snuggle social soda soft soldier solid solve sonar sonata soprano sorbet sorrel
souffle sound soybean space spangle spaniel sparkle sparrow spear speed spell spiced spicy spider spinach spindle
spinner spiral spirit split spoke sponge sponsor spoon spot spotted spray spread spring sprout spruce square squash
squawk squeeze squid squirm stack stadium stamina stamp stand stapler stately station statue stay steady steam steeple
stellar stencil stereo steward still stirrup stomach storage store straw stretch stride stroll strong strudel stucco
student studio sturdy stylist stylus suburb subway success sudden suds sugar sultana summary summer summit sumo
sunbeam sunburn sundial sundown sunlit sunrise sunroof sunset suntan sunup super surface surfer surfing survey survive
sushi swallow swan sweater swift swim swimmer swirl swivel syrup system table tackle taco tactile tadpole taffy talent
talk talon tanager tangelo tango tankard tape tapioca target tartan tassel taste tavern taxi teacher teacup teapot
tempo tender tendril tennis tent termite terrace terrier thank thatch theory thermos thesis thimble third thirsty
thread thrifty thrive thumb thunder tiara ticket tidal tiger tiller tilted time tinker tinsel tiny tiptoe tissue title
toaster today tofu toggle tomato tomcat toolbox topaz topiary topic topple topsail torch tornado torrent toucan tour
tourism towel tractor trader traffic train transit trapeze trapper travel trawler treacle treat treetop trellis trench
trend tribe trickle trident trilogy trinity trinket trip triplet tripod trivet trivial trooper trophy truck true
truffle trumpet trust tsunami tube tubing tuesday tugboat tuition tulip tumbler tuna tundra tuneful tunic tunnel
turbine turkey turn turnip turtle tutor tuxedo tweed twelve twenty twice twin twinkle twist typhoon typist ukulele
ultra uncle uncover unfold unicorn uniform union unique unit upbeat upgrade upland urban useful utensil vaccine vacuum
valiant valley value vanilla vanity variety varnish vast vault vector vegan veggie vehicle velvet venture veranda
verse version vessel viaduct vibe vibrant vibrate victory video view village vinegar vintage vintner viola violet
violin virtual virtue visible visit visitor visor vista visual vital vitamin vivid volcano voltage volts volume vortex
voyage wagon wagtail walking walkway wallaby wallet walnut walrus waltz wand warbler wasabi washer wasp watch water
wealthy weasel weaver webbing website weekday weekend welcome welfare well west western wharf whippet whisper whistle
wicker wide widget width wildcat willing window windy winter wintry wisdom wish wizard wobbly wolves wombat wonder
woodcut wooden woofer work workout world worthy woven wriggle wrinkle yarn year yellow yoga yogurt young yucca zealous
zebra zenith zephyr zesty zigzag zinnia zipper zodiac zoology
`
  .trim()
  .split(/\s+/)

/** Random words with hyphens between. */
export function wordName(count: number): string {
  return Array.from({ length: count }, () => WORDS[randomInt(WORDS.length)]!).join('-')
}
