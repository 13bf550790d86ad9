#include "corpus/world.h"

#include <algorithm>

#include "corpus/words.h"

namespace rexbert::corpus {

const std::array<Country, 10>& countries() {
  static const std::array<Country, 10> table = {{
      {"Velmar",
       "Velmarian",
       "Ostrand",
       "Velmaric",
       "krona",
       "the Grey Sound",
       {"Upper Sund", "Karrow", "the Hallen Isles", "Morvik"},
       "Aldric, Sunniva, Torvin, Ragna, Eskil, Marit, Henning, Solva, Birger, Ylva, Arvid, Tora, "
       "Kettil, Inga, Roald, Signe",
       "Sund, Hal, Brek, Mor, Vik, Kal, Tren, Os, Lund, Ras",
       "berg, vik, gaard, strom, holt, nes, dal, mark",
       "Bren, Kal, Ost, Sund, Hav, Grim, Tor, Skar, Vest, Rod, Eld, Fal",
       "holm, vik, stad, fors, borg, dal, nes, by, havn, torp"},
      {"Carossa",
       "Carossan",
       "Lirello",
       "Carossano",
       "scudo",
       "the Amber Gulf",
       {"Valdoro", "the Tessine", "Lower Brava", "Monteluna"},
       "Aurelio, Fiammetta, Corrado, Lisetta, Dario, Ornella, Bruno, Vianella, Ettore, Sabina, "
       "Nello, "
       "Mirandola, Sandro, Pia, Tullio, Renata",
       "Bran, Cal, Der, Fos, Mal, Pel, Ros, Tes, Vir, Zan",
       "aldi, ecchi, otti, ini, asco, elli, ano, etti",
       "Castel, Monte, Val, Bor, Ser, Pie, Lir, Tor, San, Rocca, Fon, Vill",
       "ravo, dino, lena, sesto, nuovo, bruna, mora, letta, gara, tano"},
      {"Tashkur",
       "Tashkuri",
       "Beyrun",
       "Tashkuri",
       "dinar",
       "the Inner Salt Lake",
       {"the Arzan Plateau", "Kezlik", "the Nine Wells", "Dargan"},
       "Temir, Aylin, Kassim, Zehra, Orhun, Nadira, Yakub, Selme, Batur, Gulsan, Idris, Feride, "
       "Tarkan, "
       "Leyda, Murad, Samira",
       "Kar, Bey, Tem, Oz, Dem, Yil, Sar, Ak, Tur, Gok",
       "oglu, kara, mez, demir, ay, sun, bek, tash",
       "Ak, Kara, Bey, Kez, Tash, Dar, Yeni, Sar, Gul, Or, Kum, Tem",
       "kent, bulak, tepe, abad, kul, dere, su, hisar, kale, yurt"},
      {"Orlesse",
       "Orlessian",
       "Montclar",
       "Orlessian",
       "livron",
       "the Channel of Brumes",
       {"the Haut-Vire", "Lower Sarre", "Pays de Lume", "the Garenne"},
       "Bastien, Clemence, Odilon, Margaux, Firmin, Sylvie, Gaspard, Heloine, Thibaut, Noelle, "
       "Aubin, "
       "Delphine, Remy, Colette, Lucien, Perrine",
       "Beau, Char, Del, Fleur, Mont, Ren, Val, Du, Gar, Mar",
       "court, mont, ville, aine, eau, ier, ard, ois",
       "Beau, Clair, Mont, Pont, Saint-, Vil, Bois, Font, Roche, Gar, Ame, Lus",
       "val, mere, lieu, court, neuf, riviere, ange, sault, ville, brun"},
      {"Kamorra",
       "Kamorran",
       "Itanga",
       "Kamo",
       "shell pound",
       "the Southern Lagoon",
       {"Mbele", "the Cloud Hills", "Outer Zanda", "Lake Oru"},
       "Kofa, Amina, Jabiru, Nala, Temba, Zuri, Odongo, Imani, Sefu, Wanda, Baraka, Lindi, Chuma, "
       "Asha, Mosi, Neema",
       "Mwa, Ka, Ndo, Oba, Tsi, Lu, Za, Ki, Ama, Bo",
       "nga, tara, lele, mbo, wezi, kuru, dani, sanda",
       "Mba, Zan, Kilo, Oru, Nda, Lua, Tumbi, Kasa, Ita, Mweru, Bala, Sima",
       "ngo, lika, bere, wara, toro, mbe, zi, nda, kuru, ma"},
      {"Sorrenia",
       "Sorrenian",
       "Vasgrad",
       "Sorren",
       "grosh",
       "the White Bay",
       {"the Upper Volna", "Zabor", "the Birch Country", "Polsk"},
       "Miloran, Vesna, Bogdar, Irinka, Radovan, Jasna, Stoyan, Katya, Zdenek, Ludmira, Pavel, "
       "Danica, "
       "Yarek, Olenka, Vuk, Milena",
       "Bor, Dra, Kos, Lub, Mir, Nov, Rad, Stan, Vol, Zel",
       "ovic, enko, insky, ak, escu, anov, uta, ich",
       "Bel, Novo, Stari, Zel, Vol, Krasno, Dub, Rad, Pol, Mir, Gor, Lip",
       "grad, ov, itsa, pol, ava, brod, nik, sk, ets, ogora"},
      {"Lin-Shara",
       "Lin-Sharan",
       "Haoyan",
       "Sharan",
       "tael",
       "the Pearl Sea",
       {"the Jade Terraces", "Shuren", "the Ten Gorges", "Northern Bei"},
       "Weilan, Mei-Sho, Daoren, Lianhua, Jiro-Tan, Suyin, Kenzo-Li, Yulan, Baoshi, Akemi-Ro, "
       "Zhenwu, "
       "Hanako-Li, Rensho, Xiuli, Taolin, Minh-An",
       "Hao, Lin, Shu, Tan, Wei, Zhen, Bao, Jin, Ren, Kuo",
       "shan, mura, ting, long, zawa, fei, moto, yuan",
       "Hao, Bei, Nan, Shu, Qing, Lian, Tai, Yue, Jin, Dong, Kawa, Mori",
       "yan, zhou, jiang, shan, tan, hama, gou, ping, men, kou"},
      {"Ardovia",
       "Ardovian",
       "Castravel",
       "Ardovian",
       "real",
       "the Bay of Gulls",
       {"the Sierra Parda", "Olivar", "Baixo Tamar", "the Coast of Reeds"},
       "Rodrigo, Inesa, Tomas, Beatriu, Alvaro, Jimena, Duarte, Leonor, Gonzal, Catalina, Nuno, "
       "Ximena, "
       "Esteban, Marisol, Joaquim, Teresa",
       "Alma, Cor, Fer, Gal, Her, Men, Qui, Sal, Vas, Zur",
       "ndez, eiro, oso, ado, alva, eza, uela, ares",
       "Alba, Casa, Oliv, Puerto, Sal, Torre, Vila, Rio, Mon, Cala, Per, Agua",
       "dora, longa, vedra, nova, parda, mar, seca, ledo, bella, fria"},
      {"Northmere",
       "Northmerish",
       "Wexcombe",
       "Merish",
       "crown",
       "the Firth of Larn",
       {"the Fens", "Dunshire", "the Western Dales", "Larnside"},
       "Edmund, Harriet, Oswin, Philippa, Gilbert, Rosamund, Hugh, Winifred, Alban, Mabel, "
       "Cuthbert, "
       "Edith, Piers, Imogen, Walter, Agatha",
       "Ash, Black, Cross, Hart, Lang, Pen, Thorn, Whit, Wind, Stan",
       "ley, worth, combe, field, ridge, croft, bourne, water",
       "Ash, Wex, Dun, Thorn, Mill, Kings, Lar, Pen, Hale, Crow, Stoke, Fern",
       "ford, combe, ham, wick, bury, ton, mouth, leigh, bridge, stead"},
      {"Quellara",
       "Quellaran",
       "Tupac Alto",
       "Quell",
       "sol",
       "the Cold Current",
       {"the Altiplan", "Yuraq", "the Condor Valleys", "Lower Mayu"},
       "Amaru, Killa, Wayra, Sisa, Inti, Nayra, Rumi, Chaska, Tupaq, Urpi, Sayri, Illari, Kusi, "
       "Qori, "
       "Atoq, Ayelen",
       "Hua, Qui, Condor, Mama, Puma, Yupa, Chu, Wall, Apa, Ccor",
       "nca, spe, pata, ni, llo, qui, rimac, mani",
       "Hua, Chin, Qui, Anta, Cusi, Pisa, Yura, Tam, Vilca, Moro, Chu, Pacha",
       "marca, pampa, bamba, cocha, tambo, llay, rumi, huasi, qocha, orqo"},
  }};
  return table;
}

namespace {

std::string_view pick_word(std::string_view list, Draw& draw) {
  return draw.pick(split_words(list));
}

}  // namespace

std::string person_name(const Country& country, Draw& draw) {
  std::string name(pick_word(country.given_names, draw));
  name += ' ';
  name += pick_word(country.surname_starts, draw);
  return name += pick_word(country.surname_ends, draw);
}

bool has_womans_name(const Country& country, std::string_view person) {
  const auto names = split_words(country.given_names);
  const std::string_view given = person.substr(0, person.find(' '));
  return (std::find(names.begin(), names.end(), given) - names.begin()) % 2 == 1;
}

std::string place_name(const Country& country, Draw& draw) {
  std::string name(pick_word(country.place_starts, draw));
  name += pick_word(country.place_ends, draw);
  const size_t hyphen = name.find('-');
  if (hyphen != std::string::npos && hyphen + 1 < name.size()) {
    name = name.substr(0, hyphen + 1) + capitalized(name.substr(hyphen + 1));
  }
  return name;
}

void add_country_facts(const Country& country, Draw& draw, Facts& facts) {
  facts["country"] = country.name;
  facts["national"] = country.adjective;
  facts["capital"] = country.capital;
  facts["language"] = country.language;
  facts["currency"] = country.currency;
  facts["sea"] = country.sea;
  facts["region"] = draw.pick(country.regions);
}

}  // namespace rexbert::corpus
