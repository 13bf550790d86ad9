#include "corpus/words.h"

// Words of the encyclopedic articles.
namespace rexbert::corpus {

std::vector<WordListText> general_word_lists() {
  return {
      {"colour",
       "red, dark green, pale yellow, grey, brown, white, deep blue, black, russet, silver, olive, "
       "orange, violet, cream, copper, turquoise, crimson, chestnut, ivory, slate grey"},
      {"adjective of place",
       "quiet, crowded, windy, fertile, remote, prosperous, steep, sheltered, marshy, sunny, "
       "rocky, "
       "wooded, narrow, broad, busy, dry, foggy, hilly"},
      {"building",
       "town hall, granary, bell tower, covered market, stone bridge, lighthouse, water mill, "
       "customs house, public library, old barracks, botanical garden, railway station, theatre, "
       "observatory, salt store, brewery, hospital, assembly hall, rope works, glass works"},
      {"trade good",
       "wool, salt, timber, barley, copper ore, glassware, linen, dried fish, honey, olive oil, "
       "tin, "
       "leather, pottery, amber, hemp, cheese, tea, cork, paper, slate, wine, horses, dyes, resin"},
      {"industry",
       "weaving, shipbuilding, mining, tourism, printing, furniture making, fishing, brewing, "
       "paper making, food processing, instrument making, cattle raising, fruit growing, forestry, "
       "steel making, pottery, software, electronics assembly"},
      {"disaster",
       "a flood, a great fire, an earthquake, a long drought, an epidemic of fever, a landslide, "
       "a hard winter, a failed harvest, a storm surge"},
      {"school subject",
       "mathematics, medicine, law, botany, navigation, philosophy, music, engineering, chemistry, "
       "astronomy, history, languages, architecture, geology, agriculture, economics"},
      {"journal",
       "the Annals of Natural Inquiry, the Review of Practical Arts, the Quarterly of Measurement, "
       "the Northern Gazette of Science, the Proceedings of the Free Academy, the Letters on "
       "Method, "
       "the Coastal Observer, the Yearbook of Exact Studies"},
      {"prize",
       "the Lantern Medal, the Grand Compass, the Halvard Prize, the Order of the Silver Oak, "
       "the Merit Cross, the Academy's Gold Seal, the Open Hand Award, the River Prize"},
      {"virtue",
       "patience, precision, generosity, dry humour, stubbornness, modesty, curiosity, thrift, "
       "plain speech, good memory, quick temper, calm, diligence"},
      {"relative",
       "mother, father, uncle, aunt, elder sister, elder brother, grandfather, guardian"},
      {"parent trade",
       "a miller, a schoolteacher, a ship's carpenter, a clockmaker, a country doctor, a printer, "
       "a weaver, a customs officer, a farmer, a bookbinder, a surveyor, an innkeeper, a potter, "
       "a stonemason, a pharmacist, a judge"},
      {"field of study",
       "tides, magnetism, soil chemistry, the motion of glaciers, bird migration, the theory of "
       "numbers, plant diseases, optics, folk songs, old coins, river dialects, heat engines, "
       "comets, "
       "mosses, probability, medieval law, the nervous system, earthquakes, mapmaking"},
      {"scientific verb",
       "measured, described, compared, catalogued, explained, predicted, observed, modelled, "
       "recorded, mapped, questioned, refined"},
      {"body part of animal",
       "tail, throat, back, belly, crown, wings, hind legs, shoulders, neck, flanks, beak, muzzle"},
      {"leaf shape",
       "oval, heart-shaped, lance-shaped, feathery, needle-like, round, deeply lobed, toothed, "
       "leathery, spear-shaped"},
      {"season", "spring, early summer, late summer, autumn, winter, the rainy season"},
      {"month",
       "January, February, March, April, May, June, July, August, September, October, November, "
       "December"},
      {"threat",
       "the draining of wetlands, overgrazing, logging, hunting, pollution of streams, introduced "
       "rats, road building, warmer winters, pesticide use, collection by hobbyists"},
      {"use of plant",
       "as a remedy for coughs, for dyeing cloth, as animal fodder, in basket making, as a spice, "
       "for making tea, as an ornamental plant, for tanning leather, in perfumes, for building "
       "fences"},
      {"adjective of plant",
       "mountain, marsh, sand, creeping, bearded, dwarf, coastal, woodland, hairy, sweet, false, "
       "northern, spotted, giant, weeping, meadow"},
      {"device kind",
       "gauge, meter, indicator, balance, recorder, compass, level, clock, thermometer, sextant, "
       "counter, lamp, regulator, scope"},
      {"institution kind", "Academy, College, Institute, School, Society, Museum"},
      {"sound",
       "a low whistle, a sharp double click, a rising trill, a hoarse bark, a soft hum, "
       "a rattling call, a clear bell-like note, a series of short chirps"},
      {"measured quantity",
       "pressure, temperature, humidity, electric current, the speed of flowing water, the angle "
       "of "
       "a slope, magnetic field strength, the purity of alcohol, the hardness of metals, wind "
       "speed, "
       "the sweetness of juice, the clarity of water, the weight of letters, time at sea"},
      {"device part",
       "glass tube, brass wheel, spring, pointer, coil, lens, steel frame, float, prism, valve, "
       "rotating drum, magnet, counterweight, scale, piston, membrane, crystal"},
      {"user group",
       "sailors, surveyors, brewers, physicians, miners, weather stations, watchmakers, farmers, "
       "railway engineers, chemists, astronomers, postal workers, builders, pilots"},
      {"fault",
       "it was slow to settle, it broke easily, readings drifted in the cold, it had to be kept "
       "upright, its glass cracked, the spring grew tired, dust stopped the wheels, it cost too "
       "much"},
      {"commander quality",
       "cautious, daring, inexperienced, popular, elderly, severe, resourceful, impatient"},
      {"cause of conflict",
       "a dispute over river tolls, the succession to the throne, grazing rights, the price of "
       "salt, "
       "control of the mountain pass, a broken treaty, the arrest of merchants, religious reform"},
      {"terrain of battle",
       "a flooded meadow, a narrow valley, a frozen lake, low hills, a ford, dense woodland, "
       "open grassland, a ruined village, a sandy shore"},
      {"art",
       "painting, the violin, poetry, the stage, woodcut, opera, the novel, stained glass, dance, "
       "sculpture, photography, choral music"},
      {"theme of art",
       "village life, the sea at night, exile, childhood, harvest, winter light, the work of "
       "women, "
       "lost letters, machines, old age, markets, rivers, the mountains, friendship"},
      {"critic word",
       "restrained, luminous, uneven, bold, mournful, playful, precise, unfinished, noble, "
       "strange, "
       "warm, severe, dazzling, honest"},
      {"mineral colour",
       "honey yellow, grass green, smoky brown, sky blue, rose, colourless, steel grey, deep red, "
       "violet, milky white"},
      {"lustre", "glassy, silky, metallic, pearly, waxy, dull, resinous, greasy"},
      {"crystal habit",
       "long needles, flat plates, short prisms, rounded grains, cubes, fan-shaped clusters, "
       "fibrous veins, hexagonal columns"},
      {"host rock", "granite, limestone, basalt, slate, sandstone, marble, gneiss, old lava, clay"},
      {"sport",
       "rowing, wrestling, archery, cross-country running, skating, sailing, cycling, fencing, "
       "swimming, handball, mountain running"},
      {"dish",
       "barley soup with smoked fish, lamb with apricots, rye pancakes, goat cheese pie, bean "
       "stew, "
       "pickled herring, chestnut bread, plum dumplings, spiced cabbage, eel in green sauce, honey "
       "cake, roast goose"},
      {"festival act",
       "processions with paper lanterns, boat races, a market of seeds, wrestling matches, the "
       "burning of straw figures, open-air plays, singing at the wells, a contest of bakers, "
       "the blessing of the nets, horse races"},
      {"transport",
       "a narrow-gauge railway, a ferry, a paved road, a canal, a cable car, a tram line, "
       "a motorway, an airfield, a bus line"},
      {"measure of importance",
       "the second largest, the oldest, the smallest, the best preserved, the most visited, "
       "the northernmost, the highest, the least known, one of the three richest"},
      {"reason",
       "low wages, heavy taxes, the closing of the mine, religious quarrels, the war, "
       "poor harvests, the new railway, cheap land elsewhere, a change of law"},
      {"opinion verb", "argued, believed, denied, suspected, insisted, suggested, claimed, noted"},
      {"adverb",
       "slowly, suddenly, quietly, steadily, sharply, gradually, briefly, openly, rarely, "
       "carefully, widely, partly"},
      {"group of people",
       "merchants, fishermen, students, settlers, monks, weavers, miners, soldiers, shepherds, "
       "nobles, craftsmen, teachers, sailors, refugees, printers"},
      {"source kind",
       "tax rolls, parish registers, travellers' letters, old maps, court records, ships' logs, "
       "household accounts, inscriptions, guild minutes, tree rings, harbour ledgers"},
  };
}

}  // namespace rexbert::corpus
