#include "curate/lexicon.h"

namespace rexbert::curate {
namespace {

constexpr LexiconGroup kGroups[] = {
    {"third person", -0.9, 3.6, false, R"(
      he | she | his | her | him | hers | himself | herself | who | whom | whose)"},
    {"third person plural", -0.3, 0.9, false, R"(they | their | them | themselves)"},
    {"past narrative", -0.5, 2.5, false, R"(
      was | were | had | had been | became | began | went | came | took | gave | felt | knew |
      thought | saw | heard | told | asked | stood | sat | held | led | won | lost | left | made |
      ran | grew | brought | wrote | spoke | fell | kept | found | met | returned | moved | died |
      joined | served | remained | continued | followed | appeared | received | announced | could |
      would | did | been | having)"},
    {"speech", -1.3, 2.6, false, R"(
      said | says | replied | cried | exclaimed | answered | whispered | muttered | murmured |
      shouted | told reporters | according to | added that | told the | in a statement | spokesman |
      spokesperson | spokeswoman | interview | quoted | claimed | argued | insisted | remarked)"},
    {"fiction", -1.2, 3.6, false, R"(
      sir | madam | miss | mrs | mr | lord | lady | squire | duke | earl | countess | baron | thou |
      thee | thy | hath | doth | ye | o'clock | my dear | my love | my lord | dear sir | gentleman |
      gentlemen | fellow | lad | maid | servant | carriage | parlour | drawing-room | upon | shall |
      ought | nay | alas | heart | soul | tears | smile | smiled | laughed | sighed | gaze | gazed |
      face | eyes | voice | silence | moment | chapter | volume i | creature | wretched | poor |
      papa | mamma | aunt | uncle | cousin | father | mother | brother | sister | wife | husband |
      scarcely | presently | indeed | perhaps | rather | myself | hastened | beheld)"},
    {"biography", -2.0, 4.0, false, R"(
      born in | was born | born on | died in | died on | he was | she was | was an american |
      was a british | is an american | is a british | was an english | is an english | is a canadian |
      was a german | is a german | was a french | is a french | is a former | was a former |
      best known for | known for his | known for her | is known for | career | early life |
      personal life | married | daughter of | son of | children | educated at | graduated from |
      alumni | alumnus | studied | attended | degree | phd | professor | appointed | elected |
      knighted | awarded | nominated | retired | actor | actress | politician | footballer |
      singer | songwriter | composer | painter | poet | novelist | writer | author | journalist |
      lawyer | physician | bishop | priest | saint | king of | queen of | emperor | dynasty |
      army officer | general | admiral | colonel | lieutenant | captain)"},
    {"encyclopedia", -1.6, 4.8, false, R"(
      is a species | species of | genus | subspecies | family of | endemic | found in | native to |
      is a village | is a town | is a city | is a municipality | is a commune | is located in |
      located in | situated in | province | county | district | municipality | census | population |
      inhabitants | village | parish | region | northern | southern | eastern | western | river |
      mountain | lake | island | peninsula | railway | railway station | station | highway |
      airport | school district | high school | university | college | institute | faculty |
      academy | museum | cathedral | church | monastery | temple | castle | century | centuries |
      bc | ad | ancient | medieval | historic | historical | history of | founded | founded in |
      established | established in | built in | constructed in | opened in | abolished | formerly |
      currently | refers to | may refer to | also known as | the term | the name | is the name |
      derived from | originally | was the first | is the first | first published | published in | published by |
      released in | released on | album | single | song | songs | band | record label | film | films |
      episode | television series | tv series | novel | directed by | written by | produced by |
      starring | soundtrack | opera | theatre | festival | orchestra | references | external links |
      see also | further reading | bibliography | notes and references | isbn | doi | et al | vol |
      pp | journal | theorem | equation | hypothesis | theory | philosophy | enzyme | protein |
      gene | mutation | asteroid | galaxy | star | orbit | magnitude | molecule | symptoms | disease |
      politics | language | languages | dialect | ethnic | tribe | culture | religion | islam |
      christian | catholic | buddhist | hindu | jewish | muslim)"},
    {"public life", -1.6, 4.8, false, R"(
      government | minister | ministry | prime minister | president | parliament | congress |
      senate | senator | governor | mayor | council | election | elections | vote | votes | voters |
      campaign | political | party | democrat | democratic | republican | conservative | labour |
      policy | legislation | bill | law | act of | constitution | supreme court | court | judge |
      lawsuit | trial | convicted | sentenced | prison | police | arrested | murder | killed |
      war | army | navy | military | troops | soldiers | battle | regiment | division | brigade |
      treaty | invasion | attack | bombing | terrorist | refugees | united nations | european union |
      nato | embassy | ambassador | diplomatic | crisis | protest | protesters | officials |
      authorities | residents | agency | commission | committee | organization | organisation |
      association | department of | federal | national | international | nations | foreign | economy | tax | reform)"},
    {"business news", -2.0, 6.0, false, R"(
      shares | shares of | shareholders | stock market | stocks | investors | investor | analysts |
      analyst | quarter | quarterly | fiscal | revenue | revenues | earnings | net income | profit |
      profits | operating profit | losses | forecast | wall street | nasdaq | nyse | ftse | dow jones |
      s&p | ipo | acquisition | acquire | acquired | merger | takeover | stake | chief executive |
      ceo | cfo | chairman | board of directors | subsidiary | headquartered | billion | million |
      trillion | inflation | interest rates | central bank | economists | barrel | crude | crude oil |
      commodity | commodities | per barrel | housing market | layoffs | jobs | union | strike |
      year-on-year | year on year | market share | percentage points | reported | rose | fell |
      climbed | slid | plunged | surged | sales fell | sales rose | tariff | tariffs | trade war |
      regulators | antitrust | funding round | venture capital | startup)"},
    {"calendar", -0.8, 2.4, false, R"(
      monday | tuesday | wednesday | thursday | friday | saturday | sunday | january | february |
      march # | april | june | july | august | september | october | november | december |
      last week | last month | last year | this week | this morning | yesterday | years ago | ago |
      years later | the same year | in the early | in the late | at the time | decade | until | since)"},
    {"sport", -1.8, 5.4, false, R"(
      league | championship | championships | tournament | season | seasons | playoffs | playoff |
      final | semifinal | semi-final | quarterfinal | match | matches | coach | head coach |
      manager | midfielder | striker | goalkeeper | defender | quarterback | touchdown | innings |
      wicket | wickets | batsman | goals | goal | scored | scoring | half-time | second half |
      first half | penalty | points | rebounds | assists | team | teams | squad | club | clubs |
      stadium | fans | olympic | olympics | medal | medals | world cup | grand prix | lap | race |
      races | finished | defeated | victory | defeat | wins | losses | draw | draft | nfl | nba | mlb |
      nhl | fifa | uefa | ncaa | premier league | cup final | title)"},
    {"recipe", -1.8, 5.4, false, R"(
      preheat | preheat the oven | preheat oven | simmer | saute | sauté | whisk | stir in | stir |
      stir until | drain | chopped | diced | minced | sliced | tablespoon | tablespoons | tbsp |
      teaspoon | teaspoons | tsp | cup of | cups | # cup | # cups | cloves | clove of | garlic |
      onion | onions | butter | flour | sugar | egg | eggs | broth | salt and pepper | olive oil |
      bring to a boil | bring to the boil | boil | until golden | golden brown | until tender |
      let cool | let it rest | serve with | serve warm | serves # | garnish | marinate | knead |
      dough | batter | bake for | cook for | roast | over medium heat | medium heat | low heat |
      ingredients | the oven | for # minutes | recipe)"},
    {"ingredient line", -2.2, 2.2, false, R"(
      ^ # cup | ^ # cups | ^ # lb | ^ # lbs | ^ # pound | ^ # pounds | ^ # oz | ^ # ounces | ^ # g |
      ^ # kg | ^ # ml | ^ # can | ^ # cans | ^ # pkg | ^ # package | ^ # large | ^ # medium |
      ^ # small | ^ # whole | ^ # cloves | ^ # tsp | ^ # tbsp | ^ # teaspoon | ^ # teaspoons |
      ^ # tablespoon | ^ # tablespoons | ^ # ( # oz)"},
    {"food", -0.6, 1.8, true, R"(
      chicken | beef | pork | lamb | bacon | sausage | fish | salmon | shrimp | turkey | soup |
      sauce | stew | salad | rice | pasta | noodle | potato | potatoes | tomato | tomatoes | carrot |
      celery | spinach | mushroom | bean | lentil | lemon | lime | apple | banana | cheese |
      cream cheese | parmesan | milk | cream | yogurt | vinegar | honey | cinnamon | paprika |
      oregano | basil | thyme | parsley | cilantro | cumin | ginger | kosher salt | black pepper |
      salt | pepper | vegetable | breast | thigh | boneless | skinless | leftovers | dessert | dish |
      cook | cooked | cooking | dinner | supper | lunch | meal)"},
    {"travel", -1.3, 3.9, false, R"(
      we arrived | we visited | we walked | we drove | we stayed | we took | hike | hiked | hiking trail |
      trail | beach | beaches | old town | harbor | harbour | sunset | sunrise | locals | tourists |
      tourist | sightseeing | guidebook | itinerary | hostel | ferry | bus | train | flight |
      landed | scenic | views | view of | valley | coast | countryside | waterfall | temple |
      cathedral | market square | neighbourhood | neighborhood | wander | wandered | day trip | visit | visited | visitors | travel to | travelled | traveled)"},
    {"talk", -1.3, 3.9, false, R"(
      lol | imo | imho | btw | afaik | op | thread | forum | posted | post | poster | reply |
      replies | moderator | guys | folks | anyone else | does anybody | i think | i don't think |
      i agree | i disagree | in my opinion | i guess | i mean | i feel | i remember | i'm sure |
      to be honest | honestly | i wonder | thanks for | thank you for | welcome to | congrats |
      good luck | happy birthday | my boss | my job | at work | my friend | my friends | blog |
      comment | comments | subscribe | follow me | everybody | everyone | nobody | life |
      world | god | jesus | lord | prayer | faith | bible)"},
};

}  // namespace

std::span<const LexiconGroup> other_lexicon() { return kGroups; }

}  // namespace rexbert::curate
