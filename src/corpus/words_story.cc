#include "corpus/words.h"

// Words of the narratives and manuals.
namespace rexbert::corpus {

std::vector<WordListText> story_word_lists() {
  return {
      {"craft",
       "cooper, surgeon, cartographer, cook, blacksmith, interpreter, sailmaker, botanist, scribe, "
       "carpenter, tanner, musician, astronomer, herdsman, gunsmith, trader, weaver, apprentice, "
       "ferryman, glassblower, falconer, mason, printer, saddler"},
      {"keepsake",
       "brass compass, silver thimble, blue notebook, whalebone comb, cracked violin, tin lantern, "
       "leather map case, carved walking stick, iron key, glass eye, pewter cup, box of seeds, "
       "red shawl, pocket sundial, horn whistle, string of amber beads, folding knife, ivory chess "
       "queen, copper kettle, bundle of letters, music box, bone needle, sealed jar, painted tile"},
      {"weather",
       "rain, thick fog, a bitter wind, sleet, a clear sky, heavy heat, thunder, drifting snow, "
       "a light haze, hail, a warm breeze, low cloud"},
      {"time of day",
       "at dawn, before noon, at midday, late in the afternoon, at dusk, after supper, at "
       "midnight, "
       "in the small hours"},
      {"landscape",
       "a plain of yellow grass, black cliffs, a forest of dwarf birch, salt flats, terraced "
       "hills, "
       "a gorge, red dunes, flooded fields, an abandoned road, a chain of small lakes, bare "
       "moorland, "
       "orchards gone wild, a ridge of broken stone, reed beds"},
      {"camp task",
       "mended the tents, counted the sacks, patched the boats, washed the bandages, oiled the "
       "axles, dried the meat, sharpened the axes, copied the maps, fed the animals, boiled the "
       "water, repacked the crates, drew lots for the watch, sewed canvas, split the firewood"},
      {"food",
       "oat bread, salted pork, lentils, dried apples, goat's milk, river trout, hard cheese, "
       "onion "
       "broth, rice and raisins, smoked eel, turnips, pancakes, black tea, chestnuts, beans"},
      {"mood",
       "uneasy, cheerful, silent, hopeful, bitter, tired, stubborn, restless, grateful, ashamed, "
       "proud, frightened, amused, patient, homesick, suspicious"},
      {"sickness",
       "fever, a crushed finger, snow blindness, a cough, a sprained ankle, toothache, "
       "frostbite, bad dreams, an infected cut, stomach cramps"},
      {"find",
       "a ruined watchtower, a spring of warm water, a row of graves, a broken cart, an empty "
       "granary, a stone with carved letters, the tracks of wolves, a bell without a clapper, "
       "a painted cave, a wrecked barge, a nest of hornets, a well choked with sand, a field of "
       "blue "
       "flowers, an old boundary mark, a heap of shells, a locked chest"},
      {"saying verb",
       "said, answered, muttered, replied, whispered, shouted, observed, admitted, "
       "repeated, declared, joked"},
      {"local person",
       "the headman, a widow, the ferry keeper, a customs clerk, two boys, the schoolmaster, "
       "a shepherd, the abbess, an old soldier, the miller's wife, a pedlar, the harbour master"},
      {"ware",
       "flour, lamp oil, rope, candles, nails, salt, blankets, tar, needles, sugar, soap, "
       "vinegar, copper wire, fish hooks, gunpowder, parchment"},
      {"abstract",
       "luck, distance, debt, the weather, courage, the old maps, home, the price of bread, "
       "memory, "
       "the dead, silence, promises, the war, money, winter"},
      {"machine part",
       "retaining bolt, drive belt, intake filter, pressure valve, guide rail, feed roller, sensor "
       "bracket, locking ring, spindle cap, cooling fan, drain plug, tension spring, bearing seat, "
       "main relay, gasket, transfer plate, idler wheel, nozzle holder, limit switch, coupling "
       "sleeve, "
       "oil seal, control board, inlet hose, cutter head, fuse carrier, hinge pin, clamp screw, "
       "heater plate, level sight, discharge chute, hopper lid, brake shoe, ground strap, gear "
       "shaft, "
       "spray arm, release lever, damper pad, cable gland, motor hood, non-return flap"},
      {"machine zone",
       "the left side panel, the rear housing, the service hatch, the upper deck, the base frame, "
       "the "
       "feed unit, the control cabinet, the drive compartment, the front door, the outlet side"},
      {"hand tool",
       "a torque wrench, a hex key, a soft brush, a flat screwdriver, a feeler gauge, circlip "
       "pliers, "
       "a lint-free cloth, a plastic mallet, a multimeter, a grease gun, a bearing puller"},
      {"warning",
       "Switch the machine off and wait until all movement has stopped, Wear gloves: edges are "
       "sharp, "
       "Let hot surfaces cool for 30 minutes, Disconnect the supply before opening the cabinet, Do "
       "not use solvents, Never reach into the feed unit while the drive is enabled, Keep the "
       "floor "
       "dry, Two people are needed for this step"},
      {"symptom",
       "a grinding noise, uneven feed, a smell of hot rubber, water under the base frame, a "
       "blinking "
       "red lamp, slow start, low pressure, strong vibration, a blank display, irregular cuts, "
       "overheating, loss of speed under load"},
      {"setting name",
       "feed rate, hold time, cutting depth, rinse cycle, idle timeout, belt tension, pulse width, "
       "warm-up time, alarm threshold, dosing volume, fan delay, pressure limit, spindle speed, "
       "cooling interval, drum offset, contrast"},
      {"maintenance word",
       "inspect, clean, lubricate, tighten, replace, adjust, check for wear, degrease, realign"},
      {"interval",
       "every 50 hours, every 200 hours, once a week, once a month, every 1,000 cycles, at each "
       "shift, "
       "twice a year, after each change of material"},
  };
}

}  // namespace rexbert::corpus
