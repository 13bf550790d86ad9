#include "curate/lexicon.h"

namespace rexbert::curate {
namespace {

constexpr LexiconGroup kGroups[] = {
    {"clothing", 0.9, 2.7, true, R"(
      shirt | t-shirt | tee | blouse | sweater | hoodie | sweatshirt | cardigan | jacket | coat |
      parka | vest | dress | skirt | jeans | pants | trousers | leggings | shorts | joggers | sock |
      underwear | boxer | brief | bra | lingerie | pajama | robe | swimsuit | bikini | boot |
      sneaker | sandal | slipper | shoe | heels | loafer | scarf | glove | mitten | beanie | hat |
      cap | belt | wallet | handbag | purse | backpack | tote | duffel | luggage | suitcase |
      sunglasses | necklace | bracelet | earring | pendant | watchband | wristwatch | jewelry |
      costume | apron | sleeve | crew neck | v-neck | hooded | slim fit | regular fit | plus size |
      men's | women's | mens | womens | ladies | unisex | toddler | girls | boys | kids |
      inseam | zipper | drawstring | waistband | elastic waist | insole | outsole | midsole)"},
    {"electronics", 0.9, 2.7, true, R"(
      laptop | notebook | tablet | smartphone | cell phone | iphone | ipad | macbook | galaxy |
      charger | adapter | cable | usb | usb-c | hdmi | ethernet | router | modem | keyboard | mouse |
      headphone | earbud | earphone | headset | speaker | soundbar | subwoofer | amplifier |
      microphone | webcam | camera | camcorder | lens | tripod | monitor | television | hdtv | tv |
      projector | printer | toner | cartridge | ink | scanner | ssd | hard drive | flash drive |
      memory card | sdhc | ram | motherboard | processor | gpu | graphics card | console | controller |
      smartwatch | fitness tracker | drone | power bank | battery pack | lithium | mah | remote control |
      screen protector | phone case | case | otterbox | bluetooth | wi-fi | wifi | 4k | 1080p | led |
      lcd | oled | touchscreen | windows | android | plug | outlet | surge protector | gps | stereo |
      dvd | blu-ray | software | microsoft office | antivirus | download | mac | pc)"},
    {"home", 0.9, 2.7, true, R"(
      mattress | pillow | duvet | comforter | quilt | bedding | sheet set | bed sheet | blanket |
      throw | towel | rug | carpet | curtain | blinds | sofa | couch | recliner | armchair | futon |
      nightstand | dresser | bookcase | bookshelf | shelf | shelving | stool | ottoman | lamp |
      chandelier | light bulb | lighting fixture | faucet | shower head | showerhead | sink | vanity |
      storage bin | organizer | basket | hanger | hook | vase | picture frame | candle | diffuser |
      cookware | skillet | frying pan | saucepan | stockpot | dutch oven | bakeware | cutlery |
      knife set | cutting board | blender | mixer | toaster | air fryer | coffee maker | espresso machine |
      kettle | microwave | refrigerator | freezer | dishwasher | washer | dryer | vacuum | mop | broom |
      humidifier | air purifier | heater | fan | thermostat | mug | tumbler | water bottle | lunch box |
      dinnerware | glassware | tablecloth | placemat | decor | wall art | decal | sticker | doormat |
      trash can | lid | caddy | dispenser | holder | rack | mount | bracket | stand | cover | liner)"},
    {"tools and outdoors", 0.8, 2.4, true, R"(
      drill | screwdriver | wrench | pliers | hammer | saw | sander | socket set | tool set |
      tool box | toolbox | ladder | flashlight | lantern | hose | sprinkler | lawn mower | trimmer |
      chainsaw | generator | grill | smoker | patio | planter | garden | tent | sleeping bag |
      cooler | hammock | kayak | fishing rod | reel | lure | bicycle | bike | helmet | scooter |
      skateboard | treadmill | dumbbell | yoga mat | kettlebell | golf club | racket | riflescope |
      holster | binoculars | car mat | floor mat | wiper blade | brake pad | rotor | spark plug |
      air filter | oil filter | headlight | tail light | bumper | tire | car seat | seat cover | muffler |
      gasket | bearing | valve | hose clamp | fitting | connector | switch | fuse | wiring harness |
      paint | primer | sealant | adhesive | glue | tape | screw | bolt | nut | washer)"},
    {"care and family", 0.8, 2.4, true, R"(
      shampoo | conditioner | moisturizer | lotion | serum | cleanser | sunscreen | lipstick |
      mascara | eyeliner | foundation | concealer | nail polish | perfume | cologne | fragrance |
      eau de toilette | eau de parfum | deodorant | soap | body wash | toothpaste | toothbrush |
      razor | shaver | trimmer | hair dryer | straightener | curling iron | wig | makeup | cosmetic |
      vitamin | supplement | capsule | softgel | gummies | protein powder | essential oil | bandage |
      diaper | wipes | stroller | crib | bassinet | pacifier | baby bottle | bib | high chair | toy |
      doll | plush | puzzle | lego | action figure | playset | board game | card game | coloring book |
      building blocks | dog food | cat food | dog treats | leash | dog collar | litter | aquarium |
      pet bed | crate | chew toy | bird feeder | snack | granola | organic | tea bags | coffee beans |
      k-cup | protein bar | seasoning | gift basket | notebook | planner | pen | marker | stapler |
      binder | envelope | party supplies | balloon | gift bag | greeting card | poster | keychain)"},
    {"material", 0.7, 2.1, false, R"(
      cotton | polyester | nylon | spandex | fleece | denim | leather | faux leather | suede | wool |
      cashmere | silk | satin | linen | microfiber | microfibre | mesh | canvas | rubber | silicone |
      plastic | polycarbonate | abs | tpu | pvc | vinyl | acrylic | neoprene | foam | memory foam |
      stainless steel | stainless | aluminum | aluminium | alloy | titanium | carbon fiber | chrome |
      brass | bronze | sterling silver | gold plated | gold-plated | cubic zirconia | rhinestone |
      tempered glass | ceramic | porcelain | stoneware | bamboo | hardwood | solid wood | plywood |
      mdf | veneer | laminate | wicker | rattan | polypropylene | latex | gel | powder coated |
      powder-coated | brushed nickel | matte | glossy | coated | padded | insulated | lined | quilted)"},
    {"colour", 0.5, 1.0, false, R"(
      black | white | grey | gray | silver | red | blue | navy | green | pink | purple | yellow |
      orange | brown | beige | ivory | teal | turquoise | burgundy | charcoal | khaki | multicolor |
      multicolour | multicolored | assorted colors | rose gold | transparent | espresso |
      cream | tan)"},
    {"size and count", 0.9, 2.7, false, R"(
      small | medium | large | x-large | xl | xxl | xs | s m l | queen size | king size | twin size |
      full size | travel size | mini | jumbo | oversized | compact | slim | set of # | pack of # |
      # pack | # piece | # pieces | # pcs | # count | # ct | # pair | # pairs | # set | # in # |
      pack | pcs | pair | dozen | size # | # x # | # inch | length | width | height | depth |
      diameter | thickness | capacity | dimensions | dimension | measures | weighs | weight |
      voltage | wattage | resolution | refresh rate | screen size | thread count | ounces | oz |
      fl oz | lbs)"},
};

constexpr std::string_view kProductKeys = R"(
  brand | brand name | sku | upc | ean | gtin | asin | mpn | isbn | item | item # | item no |
  item number | item code | item name | item type | item weight | item condition | product code |
  product id | product name | product type | product dimensions | product weight | product description | product |
  part | part number | part no | oem | model | model no | model number | model name | model year |
  manufacturer | maker | vendor | seller | sold by | supplier | price | our price | list price | sale price | retail price |
  regular price | you save | was | now | rrp | msrp | availability | stock | condition | shipping |
  delivery | returns | return policy | warranty | guarantee | category | department | colour |
  color | colors | colours | size | sizes | material | materials | fabric | fabric type | composition |
  finish | style | pattern | fit | fit type | closure | closure type | sole | heel height |
  neckline | sleeve length | dimensions | dimension | length | width | height | depth | diameter |
  weight | net weight | shipping weight | package weight | package dimensions | thickness | volume | capacity | quantity | qty |
  pack size | pieces | unit count | power | power source | voltage | wattage | battery | batteries | battery life |
  battery type | connectivity | interface | compatibility | compatible with | compatible devices |
  compatible models | fits | resolution | screen size | display | processor | memory | storage | ram |
  hard drive | operating system | ports | includes | included | package included | package includes |
  package contents | package content | package list | package | box contents | in the box |
  contents | features | feature | key features | specification | specifications | specs |
  ingredients | directions | care | care instructions | washing instructions | suitable for |
  age range | recommended age | gender | scent | flavor | flavour | formulation | skin type |
  hair type | special features | target audience | use | usage | application | occasion | theme |
  character | assembly required | country of origin | made in | sizing | how to use | certification |
  certifications | customer rating | rating | ratings | reviews | review | pros | cons | verdict |
  bottom line | best for | question | answer | q | a |
  lifestyle | shape | type | frame | lens | stone | metal | metal type | carat | movement |
  case diameter | band material | water resistance | mount | mounting type | thread | grade | series)";

constexpr std::string_view kOtherKeys = R"(
  author | authors | director | producer | cast | starring | genre | written by | published |
  publisher | born | died | location | county | state | capital | population | coordinates |
  party | president | chairman | source | sources | references | reference | see also | date |
  posted | posted by | joined | posts | subject | re | chapter | act | scene | time | venue |
  attendance | referee | result | score | goals | winner | quote | editor | editors | lyrics |
  music | country | website | prep time | cook time | total time | serves | servings | yield |
  method | instructions | preheat | abstract | introduction | keywords | conclusion)";

}  // namespace

std::span<const LexiconGroup> product_lexicon() { return kGroups; }
std::vector<std::string_view> product_keys() { return split_phrases(kProductKeys); }
std::vector<std::string_view> other_keys() { return split_phrases(kOtherKeys); }

}  // namespace rexbert::curate
