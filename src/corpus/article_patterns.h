#pragma once

#include <string_view>

// Sentences of the articles. In lists named ...Intro, ...Work and kSettlementHistory the first
// sentence opens the paragraph.
namespace rexbert::corpus {

inline constexpr std::string_view kSettlementIntro[] = {
    "{name} is a {adjective of place} {kind} in {region}, {country}, [with {people} "
    "inhabitants|home to "
    "{people} people] [at the last census|in {year4}].",
    "It lies [on the river {river}|at the mouth of the {river}] at a height of {metres} metres, "
    "{km} km "
    "from {capital}.",
    "The surrounding {terrain} [has a climate that is {climate}|is {climate}].",
    "The nearest larger settlement is {neighbour}, [which can be reached by {transport}|to which "
    "{transport} was opened in {year4}].",
    "[Most inhabitants speak {language}|The everyday language is {language}, with a local accent].",
    "{name} is {measure of importance} {kind} of {region}.",
    "Its [coat of arms|flag] shows {a colour} {building} on {a colour} ground.",
};

inline constexpr std::string_view kSettlementHistory[] = {
    "{name} was [founded|first mentioned] in {year1}, when {founder} [built {a building} "
    "there|settled there with a group of {group of people}].",
    "In {year2} {disaster} [destroyed much of the {kind}|killed about a third of the inhabitants]; "
    "the {building} [survived|was rebuilt within {km} weeks].",
    "The [right to hold a market|charter] was granted in {year2} [against the will of "
    "{neighbour}|for a "
    "yearly payment in {trade good}].",
    "During the following decades many {group of people} [left because of {reason}|arrived from "
    "{neighbour} because of {reason}].",
    "{notable}, [who was born in {name}|a native of {name}], {scientific verb} the local {source "
    "kind}.",
    "According to {source kind}, the {kind} had {people before} inhabitants in {year3}.",
    "The {building}, finished in {year3}, [is open to visitors|now houses a museum of {trade "
    "good}].",
    "Historians have {adverb} {opinion verb} that {name} is older, since {source kind} [name "
    "it|mention "
    "{group of people}] before {year1}.",
    "After {year4} the {river} was [straightened|bridged|dammed] to protect the {kind} from "
    "{hazard}.",
};

inline constexpr std::string_view kSettlementEconomy[] = {
    "The economy [rests on|depends on] {industry} and, to a lesser degree, {industry}.",
    "Farmers of the {terrain} grow {crop}, [which is sold in {capital}|paid for in {currency}s "
    "until "
    "{year4}].",
    "For centuries {name} traded {trade good} for {trade good} with {neighbour}.",
    "[A local dish is|The {kind} is known for] {dish}.",
    "Every year in {month} the inhabitants celebrate with {festival act} and {festival act}.",
    "{^hazard} remains a danger, and [insurance is costly|a warning system was installed in "
    "{year4}].",
    "The {kind} has a club for {sport}, founded in {year4}.",
    "Unemployment [rose|fell] {adverb} after the {building} was closed.",
};

inline constexpr std::string_view kPersonIntro[] = {
    "{name} (born {born} in {birthplace}, died {died} in {workplace}) was {a national} [student of|"
    "authority on|figure known for] {field}.",
    "{surname} was the child of {parent trade} and grew up in {region}.",
    "{^his} {relative} taught {him} {language} and the elements of {school subject}.",
    "From {year1} {he} studied {school subject} in {capital} under {teacher}.",
    "Friends praised {his} {virtue} and [forgave|feared] {his} {virtue}.",
    "{^he} is buried in {birthplace}, beside the {building}.",
};

inline constexpr std::string_view kScholarWork[] = {
    "In {year2} {surname} {scientific verb} {field} [for the first time|with new instruments], "
    "working "
    "in {workplace}.",
    "{^his} results appeared in {year3} in {journal} and were {adverb} accepted.",
    "{teacher}, {his} former teacher, {opinion verb} that the observations were [wrong|incomplete|"
    "beyond doubt].",
    "A quarrel with {rival} about {field} lasted [until {died}|for many years].",
    "{surname} kept [{source kind}|notebooks] in {language}, of which {year2} pages survive.",
    "With {a device kind} of {his} own making {he} {scientific verb} {measured quantity}.",
    "The method of {surname} is still used by {user group}.",
    "{^he} was the first to connect {field} with {field of study}.",
    "For this work {he} received {prize}.",
};

inline constexpr std::string_view kArtistWork[] = {
    "{surname} turned to {field} in {year2}, after [a hard|an idle|a quiet|a feverish] winter in "
    "{workplace}.",
    "The main subject of {his} work is {theme}.",
    "Critics called the early pieces {critic word} and {critic word}.",
    "In {year3} a large {field} cycle on {theme} was shown in {capital}.",
    "{rival} [wrote|declared] that nobody had treated {theme} with such {virtue}.",
    "{^he} preferred {colour} and {colour} tones and worked {adverb}.",
    "The {building} of {birthplace} owns the largest collection of {his} works.",
    "{teacher} had taught {him} [to love {theme}|the elements of {field}].",
    "For the cycle {he} was awarded {prize}.",
};

inline constexpr std::string_view kPersonLater[] = {
    "In {year3} {surname} moved to {workplace} and [married|opened a school|withdrew from public "
    "life].",
    "{^he} spent the last years in {workplace}, where {he} died in {died}.",
    "A street in {birthplace} and a prize of {year2} {currency}s carry {his} name.",
    "{^his} letters to {rival} were published after {died}.",
    "{^he} left {his} books to the {building} of {birthplace}.",
    "In old age {he} {adverb} returned to {school subject}.",
    "{surname} suffered from {reason}, [but kept {his} {virtue}|as {rival} remarked].",
};

inline constexpr std::string_view kAnimalIntro[] = {
    "The {name} ({latin}) is {a kind} of the family {family} [found|living] in {region}, "
    "{country}.",
    "It was [first described|discovered] in {year1} by {discoverer} near {place}.",
    "It [inhabits|prefers] the {terrain} at heights around {metres} metres, where the climate is "
    "{climate}.",
    "In {language} it is called \"{adjective of plant} {kind}\".",
    "The name recalls {place}, where {discoverer} lived until {year2}.",
};

inline constexpr std::string_view kAnimalDescription[] = {
    "Adults reach a length of {length} {unit}; [females are larger|the sexes are alike].",
    "The {part} of the male is {male colour}, [that of the female {colour}|brightest in {season}].",
    "Young animals lack the {male colour} {part} and are {colour}.",
    "It can be told from other members of {family} by its {male colour} {part}.",
    "The call is {sound}, [repeated {eggs} times|heard mostly in {season}].",
    "The largest known specimen, from {place}, measured {length} {unit}.",
    "Its {body part of animal} [is|are] {colour} with {colour} spots.",
};

inline constexpr std::string_view kAnimalBehaviour[] = {
    "The {kind} feeds on {prey}, [mostly at night|which it stores for the winter].",
    "In {season} the female lays {eggs} eggs, which hatch after {days} days.",
    "Pairs [stay together for life|part after {days} days].",
    "When disturbed it gives {sound} and [flees|freezes|hides among stones].",
    "The population is estimated at {pairs} pairs and [is falling because of {threat}|is stable].",
    "{^threat} and {hazard} are the main threats.",
    "Since {year3} the species has been protected in {country}.",
    "{discoverer} kept [two|several] of them in captivity and {scientific verb} their habits.",
};

inline constexpr std::string_view kPlantIntro[] = {
    "{name} is {habit} of the genus {genus}, native to {region} in {country}.",
    "It was named in {year1} by {botanist}, who found it [in the {terrain}|growing on {host "
    "rock}].",
    "It grows in the {terrain} up to {metres} metres, where the climate is {climate}.",
    "Its local {language} name [refers to|comes from] its {flower} flowers.",
};

inline constexpr std::string_view kPlantDescription[] = {
    "The plant grows to {height} cm and has {leaf} leaves {leaf length} cm long.",
    "The flowers are {flower} and open in {bloom}.",
    "Seeds ripen [soon after {bloom}|slowly] and are spread by [wind|ants|birds|water].",
    "Leaves are {leaf}, {colour} above and {colour} below.",
    "It tolerates [frost|salt|shade|drought], but not {threat}.",
    "Of the {leaf length} known species of {genus} it is the [tallest|smallest|most common].",
    "The {leaf} leaves distinguish it from other species of {genus}.",
    "In cultivation it rarely reaches {height} cm.",
};

inline constexpr std::string_view kPlantUse[] = {
    "In {region} it is used {use of plant} and {use of plant}.",
    "{botanist} recommended it {use of plant} in {year2}.",
    "Dried leaves were sold in {capital} for a few {currency}s until {year4}.",
    "It is the emblem of {region}.",
    "[Gardeners|Farmers growing {crop}] regard {plain name} as [a weed|useful shade].",
    "Because of {threat} collecting has been forbidden since {year4}.",
};

inline constexpr std::string_view kDeviceIntro[] = {
    "The {name} is an instrument for measuring {quantity}, [invented|patented] in {year1} by the "
    "{national} engineer {inventor}.",
    "It was [used mainly by|built for] {users}.",
    "{inventor} had learned the craft in {workshop}, where the first one was made.",
    "It replaced an older {kind} that {user group} had used since the days of {surname}'s "
    "{relative}.",
};

inline constexpr std::string_view kDeviceConstruction[] = {
    "The instrument consists of {a part1} and {a part2}, held by {a device part}.",
    "When {quantity} changes, the {part1} moves the {part2}.",
    "It weighs {grams} grams and is accurate to {percent} percent.",
    "The {part2} is made of [steel|brass|glass] from {capital}.",
    "A later version added {a device part} and weighed less than {grams} grams.",
    "Readings are taken from {a colour} scale with {percent} percent steps.",
    "To protect the {part1}, the {kind} is kept in a wooden case.",
    "At {metres} metres above the sea a correction of {percent} percent is needed.",
};

inline constexpr std::string_view kDeviceHistory[] = {
    "The first models had a fault: {fault}.",
    "About {built} were built in {workshop} between {year1} and {year3}.",
    "In {year2} {user group} from {country} compared it with [four|six|ten] other instruments and "
    "found "
    "an error of {percent} percent.",
    "{inventor} sold the patent in {year2} for {built} {currency}s.",
    "Production ended in {year4}, when [cheaper models|electric models] appeared.",
    "One {name} is shown in the {building} of {workshop}.",
    "A report in {journal} praised the {part1}, but [complained that {fault}|doubted its worth].",
};

inline constexpr std::string_view kBattleIntro[] = {
    "The {name} was fought on {date} {year1} between {country} and {enemy} on {ground} near "
    "{place}.",
    "It [was caused by|grew out of] {cause}.",
    "The army of {country}, {men1} strong, was led by the {commander quality} {commander1}.",
    "{commander2} commanded {men2} soldiers for {enemy}.",
};

inline constexpr std::string_view kBattleCourse[] = {
    "On the morning of {date} {weather} covered {place}.",
    "{commander1} placed the {national} archers behind {ground}.",
    "The soldiers of {enemy} attacked {adverb} {time of day}, [but were driven back|and broke the "
    "first "
    "line].",
    "{commander2} [waited for help that did not come|was wounded early].",
    "Of the {men2} men of {commander2} only a few hundred reached {ground}.",
    "{^time of day} the {building} of {place} was burning.",
    "A guide from {region} showed {commander1} a path over the {terrain}.",
    "Supplies of {trade good} and {food} fell into the hands of {winner}.",
    "Both sides lost about {losses} men.",
};

inline constexpr std::string_view kBattleAftermath[] = {
    "{^winner} held the field, and a truce was signed in {year2}.",
    "The defeat cost {commander2} [the command|all favour at court].",
    "{^cause} was settled only in {year3}.",
    "A monument with {losses} names stands near {place}.",
    "{^source kind} give different figures: some speak of {men1}, others of {men2} men.",
    "Every year on {date} the people of {place} [light fires|remember the dead].",
    "{commander1} retired to {region} and died in {year4}.",
};

inline constexpr std::string_view kMineralIntro[] = {
    "{name} is {a mineral look} mineral with {a shine} lustre, named after {place} in {country}, "
    "where "
    "{finder} found it in {year1}.",
    "It occurs in {rock}, usually as {crystal habit}.",
    "Larger deposits are known from {region} and from the {terrain} near {capital}.",
    "{finder} first took it for {a mineral colour} form of another mineral.",
};

inline constexpr std::string_view kMineralProperties[] = {
    "Its hardness is {hardness} and its density {density} grams per cubic centimetre.",
    "Fresh pieces are {mineral look}; [in light they turn {mineral colour}|after heating they are "
    "{mineral colour}].",
    "The streak is {mineral colour}, the lustre {shine}.",
    "With a hardness of {hardness} it [scratches|is scratched by] glass.",
    "It dissolves {adverb} in [water|weak acid|strong acid].",
    "Crystals form {crystal habit} up to {depth} millimetres long.",
    "It is often found together with {trade good} and {host rock}.",
};

inline constexpr std::string_view kMineralMining[] = {
    "A mine near {place} reached a depth of {depth} metres in {year3}.",
    "Work stopped in {year4} because of {hazard} and {reason}.",
    "It was ground to make {a colour} paint and was sold at two {currency}s a pound.",
    "{^user group} used small pieces of {name} in {a device kind}.",
    "Today {name} is [collected by amateurs|of no economic value|mined only in {region}].",
    "{^group of people} from {region} worked in the {rock} quarries of {place}.",
};

inline constexpr std::string_view kInstitutionIntro[] = {
    "The {name} is [a place of learning|an institution] in {seat}, {region}, founded in {year1} by "
    "{founder}.",
    "It has {members} members and is led by {head}.",
    "The main building, a former {building}, stands {a adjective of place} street away from the "
    "river.",
    "It is {measure of importance} institution for {subject} in {country}.",
};

inline constexpr std::string_view kInstitutionHistory[] = {
    "{founder} gave {sum} {currency}s [and a house|and {source kind}] to found it.",
    "In {year2} {disaster} destroyed the {building}; [teaching went on in {capital}|the books were "
    "saved].",
    "The government of {country} closed it from {year3} to {year4} because of {reason}.",
    "Women were admitted in {year4}, [after a campaign led by {head}|against the advice of the "
    "council].",
    "A quarrel about {field of study} divided the members in {year3}.",
    "Its first head {opinion verb} that {subject} should be taught in {language}.",
    "{^group of people} from {region} were taught without a fee.",
};

inline constexpr std::string_view kInstitutionLife[] = {
    "The library holds {volumes} volumes, many of them on {subject}.",
    "It awards {prize} every [two|three|four|five] years.",
    "The collection of {source kind} is used by {user group}.",
    "It publishes {journal}, edited by {head}.",
    "Besides {subject}, courses in {school subject} and {school subject} are given.",
    "Students practise {sport} and, in {month}, {festival act}.",
    "Of its {members} members a third live outside {country}.",
};

// What can be said about any subject that has a name, a country and years.
inline constexpr std::string_view kNotes[] = {
    "A short account of {name} appeared in {journal} in {year2}, written by a member of the "
    "{building} "
    "committee of {capital}.",
    "{^source kind} and {source kind} are the main sources; [some are kept in {capital}|most are "
    "in "
    "{language}].",
    "In {region} children learn a rhyme about {name} that mentions {trade good} and {food}.",
    "The {national} post office printed a {colour} stamp of {name} in {year4}, worth four "
    "{currency}s.",
    "{^group of people} on the shore of {sea} tell another story: there {name} stands for "
    "{abstract}.",
    "A film about {name}, called {critic word} by {journal}, was made in {region}.",
    "In {year4} the {building} of {capital} showed an exhibition on {name} and {theme of art}.",
    "Pictures of {name} hang in the {building} of {capital}, beside {a colour} map of {region}.",
    "The question of {name} was raised again in {year4}, when {group of people} {opinion verb} "
    "that "
    "{reason} had been {adverb} overlooked.",
    "Two {national} writers have used {name} as a symbol of {theme of art} and of {virtue}.",
    "In common speech of {region} \"like {name}\" means [late|costly|rare|hard to find|easily "
    "lost].",
    "The spelling of {name} varies: older {source kind} in {language} give other forms.",
    "A lecture on {name} is held every {month} in {capital}, with {food} and {food} afterwards.",
    "Foreign visitors rarely hear of {name}, although {transport} leads close by.",
};

}  // namespace rexbert::corpus
