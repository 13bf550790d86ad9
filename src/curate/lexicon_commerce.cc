#include "curate/lexicon.h"

namespace rexbert::curate {
namespace {

constexpr LexiconGroup kGroups[] = {
    {"shop action", 3.0, 6.0, false, R"(
      add to cart | add to basket | add to bag | add to wishlist | add to wish list | buy now |
      shop now | order now | buy it now | buy online | shop online | order online | shop all |
      view cart | checkout | proceed to checkout | your cart | shopping cart | shopping bag |
      in stock | out of stock | back in stock | sold out | pre-order | preorder | back order |
      notify me when | add to compare | quick view | sort by price | price low to high |
      price high to low | filter by | showing # results | items per page | quantity # |
      customers also bought | frequently bought together | customers who viewed |
      you may also like | related products | similar products | best sellers | best seller |
      bestsellers | new arrivals | shop by | view product | product details | product description |
      product information | product features | product dimensions | technical details |
      tech specs | item weight | item model number | model number | part number | where to buy |
      write a review | customer reviews | verified purchase | # out of # stars | # reviews |
      # ratings | star rating | shop the collection | shop our | browse our | explore our range |
      our range of | wide range of products | our selection of | wide selection of)"},
    {"offer", 2.2, 4.4, false, R"(
      free shipping | free delivery | free returns | free gift | free uk delivery |
      on sale | sale price | regular price | list price | retail price | our price | was now |
      special offer | limited time offer | limited offer | percent off | % off | save up to |
      you save | discount code | promo code | coupon code | voucher code | coupon | clearance |
      best price | lowest price | low prices | great value | value for money | price match |
      per item | per unit | each pack | buy one get one | multi-buy | bulk discount | bundle deal |
      rrp | msrp | incl vat | including vat | inc vat | ex vat | free standard shipping |
      at checkout | while stocks last | while supplies last | money-back guarantee |
      money back guarantee | satisfaction guarantee | satisfaction guaranteed | gift card |
      gift cards | gift wrap | free trial | subscribe and save | price includes | price is for |
      starting at $ | starts at $ | starting from | prices from | prices start | under $ # |
      from just | only $ # | for just $ | for only $ | sold separately | sold individually |
      available in # | comes in # | great deal | great deals | daily deals | black friday | rebate |
      trade-in | in-store pickup | click and collect | ships from | sold by | shipped by |
      fulfilled by | shop with confidence)"},
    {"delivery and returns", 2.2, 4.4, false, R"(
      shipping | delivery charge | delivery charges | delivery cost | delivery costs |
      delivery time | delivery times | delivery options | standard delivery | express delivery |
      next day delivery | next-day delivery | same day delivery | same-day delivery |
      home delivery | delivery address | delivery is | delivery takes | deliver to |
      business days | working days | dispatched | dispatch | courier | couriers |
      ups | fedex | dhl | tracking number | track your order | track your parcel | parcel |
      your order | your orders | order over | orders over | order is placed | place an order |
      placing an order | order number | order confirmation | order is | orders placed |
      your purchase | your item | your items | the item | return policy | returns policy |
      refund policy | refund | refunds | refunded | full refund | store credit | restocking fee |
      exchange or refund | return an item | return the item | return it | return label |
      returns | unwanted items | unused and | original packaging | original condition |
      proof of purchase | date of purchase | days of purchase | days of delivery |
      days of receipt | days of receiving | within # days | faulty | defective | damaged in transit |
      damaged item | wrong item | payment method | payment methods | we accept visa | visa |
      mastercard | paypal | klarna | apple pay | credit card | debit card | gift voucher |
      customer service | customer support | customer care | contact us | our customers)"},
    {"warranty", 2.0, 4.0, false, R"(
      warranty | limited warranty | lifetime warranty | year warranty | years warranty |
      manufacturer's warranty | manufacturer warranty | extended warranty | warranty covers |
      warranty does not cover | guarantee | guaranteed | year guarantee | manufacturing defects |
      defects in materials | normal wear and tear | misuse | after-sales | after sales |
      spare parts | replacement parts)"},
    {"commerce word", 1.0, 3.0, true, R"(
      product | item | price | pricing | discount | deal | brand | retailer | seller | buyer |
      customer | shopper | purchase | accessory | sku | upc | ean | asin | oem | catalog |
      e-commerce | checkout | wholesale | reseller | replacement | refill | refurbished | branded |
      packaging | budget | pricey | inexpensive | affordable | affordably | cheap | cheaper |
      cheapest | premium | deluxe | model | version | edition | bundle | kit | combo | set | starter kit |
      listing | gift | giftable | buy | buying | bought | order | ordering | sale | sell | sold |
      store | shop | online | amazon | ebay | walmart | etsy | best buy | target)"},
    {"review", 2.2, 5.0, false, R"(
      i bought | i've bought | i have bought | i purchased | i ordered | i received | we bought |
      we purchased | we ordered | bought this | purchased this | ordered this | bought these |
      purchased these | bought it | bought mine | bought one | bought two | just bought |
      highly recommend | would recommend | do not recommend | don't recommend | not recommend |
      recommend this | recommend these | recommend it | would buy again | will buy again |
      buy again | buy another | order again | buying another | buying more | ordering another |
      would not buy | don't buy | do not buy | waste of money | worth the money | worth every penny |
      worth the price | for the price | the price | at this price | happy with this |
      happy with my | happy with the | pleased with this | pleased with the | satisfied with |
      disappointed with | disappointed in | very disappointed | love this | love these | love it |
      love the color | love the colour | love them | great product | good product |
      excellent product | nice product | awesome product | this product | these products |
      the product | great quality | good quality | high quality | poor quality | cheap quality |
      cheaply made | well made | well-made | very sturdy | flimsy | as described | as advertised |
      as pictured | as expected | better than expected | exactly what i | just what i |
      arrived on time | arrived quickly | arrived damaged | arrived broken | arrived in | arrived well |
      fast shipping | quick delivery | fast delivery | ships fast | ship very fast |
      fits true to size | true to size | runs small | runs large | run small | runs big |
      size up | size down | too small | too big | too tight | too large | fits perfectly |
      fit perfectly | fits great | fits well | fit great | fits my | fit my | doesn't fit |
      didn't fit | did not fit | does not fit | stopped working | broke after | fell apart |
      quit working | works great | works well | works perfectly | work great | worked great |
      works fine | works as | does the job | did the trick | easy to use | easy to install |
      easy to clean | easy to assemble | easy to set up | easy set up | easy assembly | easy to put |
      sent it back | sending it back | returned it | returning it | returned them | send back |
      five stars | five star | # stars | four stars | one star | two stars | three stars |
      star review | my old one | replaced my | replace my | the seller | this seller |
      this company | great gift | perfect gift | nice gift | my husband loves | my wife loves |
      my daughter loves | my son loves | my kids love | my dog loves | my cat loves |
      got this for | got these for | got mine | gave it # | battery life | sound quality |
      picture quality | build quality | so far so good | holds up | held up | after # months of use |
      after # weeks of use | after # washes | used it for)"},
    {"product question", 1.6, 3.2, false, R"(
      does it | does this | do these | is it | is this | are these | will this | will it |
      will these | can it | can this | can you use | can i use | does anyone know if |
      how long is | how wide is | how tall is | how big is | how many come | how much does |
      what size | which size | what are the dimensions | what is the weight | the dimensions |
      is there a warranty | come with | comes with | does the | compatible with | work with |
      works with | fit a | fits a | fit the | fit in | hold up | waterproof | dishwasher safe |
      question : | answer : | q : | a :)"},
    {"part or impression", 0.8, 2.4, true, R"(
      battery | batteries | zip | handle | strap | buckle | hinge | button | motor | blade | filter |
      hood | cuff | pocket | cord | remote | stitching | seam | padding | lining | instructions |
      manual | setup | installation | assembly | warm | quiet | quieter | sturdier | lighter |
      heavier | brighter | darker than | smaller than | larger than | bigger than | thicker |
      thinner | sharper | color | colour | photos | measurement | quality | fit | fits | fitted |
      comfy | cozy | soft | softer | cheap | smells of | smells like | feels cheap | feels like |
      looks like new | looks great | looks good | looks nice | wear | worn | charge | charges |
      speeds | settings | scratches | leaks | leaked | broke | broken | loose | crack | cracked |
      washing machine | dishwasher | not bad for | for that price | you get what you pay for)"},
    {"guide", 2.0, 4.4, false, R"(
      buying guide | buyer's guide | buyers guide | gift guide | size guide | size chart |
      sizing chart | what to look for | how to choose | things to consider | before you buy |
      before buying | when buying | when shopping | when choosing | shopping for | looking to buy |
      if you're looking for | if you are looking for | best overall | best budget | best value |
      best for | our top pick | our top picks | top pick | our pick | runner-up | editor's choice |
      editors' choice | we recommend | we tested | we've tested | our testing | in our tests |
      our testers | our favorite | our favourite | pros and cons | pros : | cons : | the pros |
      the cons | bottom line | our verdict | good choice | great choice | best choice |
      great option | good option | best option | more expensive | less expensive | price range |
      price tag | price point | worth it | worth buying | worth the extra | worth paying |
      spend more | entry-level | mid-range | high-end | top-of-the-line | compared to the |
      compared with the | outperforms | versus | vs | on a budget | the cheaper | the pricier |
      features to | key features | top # best | # best | best # | the best)"},
    {"description", 1.3, 5.2, false, R"(
      designed to | designed for | is designed | are designed | specially designed | engineered |
      made of | made from | made in usa | made in the usa | made in china | made with |
      crafted | handcrafted | hand-crafted | handmade | constructed from | construction |
      features a | featuring | this features | perfect for | ideal for | great for | suitable for |
      suited for | ideal gift | fits most | fits up to | fits all | one size fits |
      compatible | includes | included | package includes | package included | package contents |
      what's in the box | in the box | what you get | set includes | kit includes | comes complete |
      durable | long-lasting | long lasting | lightweight | heavy duty | heavy-duty | sturdy |
      waterproof | water resistant | water-resistant | weatherproof | shockproof | scratch-resistant |
      rust-resistant | rustproof | non-slip | anti-slip | nonstick | non-stick | bpa free | bpa-free |
      dishwasher safe | dishwasher-safe | microwave safe | machine washable | machine wash |
      hand wash | tumble dry | wash cold | do not bleach | iron low | cruelty-free | cruelty free |
      hypoallergenic | fragrance-free | paraben-free | gluten-free | non-toxic | eco-friendly |
      breathable | moisture-wicking | stretchy | adjustable | removable | detachable | foldable |
      collapsible | portable | rechargeable | cordless | wireless | bluetooth | ergonomic |
      comfortable | comfort | stylish | versatile | elegant | sleek | multi-purpose | multipurpose |
      easy-to-use | easy-to-clean | hassle-free | high-quality | top-quality | superior | high performance |
      high-performance | professional | genuine | authentic | brand new | 100% | built-in |
      lets you | allows you to | helps you | help you | keeps you | keep your | makes it easy |
      gives you | provides | ensures | offers | protects | protect your | enjoy |
      added | extra | stay | no need to | simply | instantly | whether you | or your money |
      please note | note : | please allow | actual color | color may vary | colors may vary | may vary |
      care instructions | storage bag | carrying case | travel case | everyday use | daily use |
      indoor | outdoor | all ages | men and women | women and men | your home | your car |
      your phone | your device | your pet | your dog | your skin | your hair | your kitchen)"},
    {"opening", 1.4, 1.4, false, R"(
      ^ fits | ^ features | ^ feature | ^ includes | ^ made | ^ designed | ^ perfect | ^ ideal |
      ^ easy | ^ compatible | ^ provides | ^ keep | ^ keeps | ^ enjoy | ^ protect | ^ protects |
      ^ great | ^ durable | ^ adjustable | ^ soft | ^ lightweight | ^ high | ^ premium | ^ imported |
      ^ # % | ^ multi | ^ package | ^ removable | ^ helps | ^ perfectly | ^ quality | ^ safe |
      ^ simple | ^ strong | ^ suitable | ^ superior | ^ unique | ^ works | ^ wide | ^ ultra |
      ^ size | ^ please note | ^ note | ^ comes | ^ new | ^ offers | ^ brand | ^ applications |
      ^ officially licensed | ^ measures | ^ dimensions | ^ constructed | ^ ensures | ^ adds)"},
    {"address", 0.5, 1.5, false,
     R"(you | your | yours | you'll | you're | you've | we | our | it's)"},
};

}  // namespace

std::span<const LexiconGroup> commerce_lexicon() { return kGroups; }

}  // namespace rexbert::curate
