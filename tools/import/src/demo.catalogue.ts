import type { NewProduct } from './find-or-create.js';

const STOCK = 1_000;

/** What a small shop for gifts and stationery sells, and for how many pence. */
const GOODS: readonly (readonly [name: string, pricePence: number])[] = [
  ['Linen notebook A5, ruled', 1_250],
  ['Linen notebook A5, dotted', 1_250],
  ['Pocket notebook, set of three', 895],
  ['Desk diary, week to view', 1_695],
  ['Wall calendar, botanical prints', 1_450],
  ['Fountain pen, fine nib', 2_800],
  ['Fountain pen ink, blue-black 50 ml', 975],
  ['Rollerball pen, brushed brass', 1_900],
  ['Pencil set, twelve grades', 1_100],
  ['Brass pencil sharpener', 650],
  ['Eraser, natural rubber', 120],
  ['Wooden ruler 30 cm', 350],
  ['Writing paper, 50 laid sheets', 1_395],
  ['Envelopes C6, pack of 25', 595],
  ['Sealing wax and stamp', 1_575],
  ['Birthday card, letterpress hare', 325],
  ['Thank-you cards, box of eight', 1_050],
  ['Wrapping paper, marbled, three sheets', 745],
  ['Cotton ribbon, 10 m', 425],
  ['Gift tags, kraft, pack of 20', 295],
  ['Washi tape, set of five', 675],
  ['Scented candle, fig leaf', 1_850],
  ['Scented candle, cedar', 1_850],
  ['Beeswax dinner candles, pair', 895],
  ['Enamel mug, cream', 995],
  ['Stoneware mug, speckled', 1_400],
  ['Glass teapot for two', 2_450],
  ['Loose-leaf breakfast tea 100 g', 725],
  ['Hot chocolate flakes 250 g', 850],
  ['Oak serving board', 3_200],
  ['Tea towel, swallows', 1_095],
  ['Canvas tote bag, natural', 1_200],
  ['Leather key fob', 1_350],
  ['Wool scarf, herringbone', 4_500],
  ['Hand cream, lavender 75 ml', 1_150],
  ['Soap bar, sea salt', 595],
  ['Jigsaw puzzle, map of the coast', 1_995],
  ['Playing cards, gilt edged', 1_250],
  ['Wooden yo-yo', 450],
  ['Hanging heart decoration, white', 255],
];

/** The same on every machine: `DEMO-001` to `DEMO-040`. */
export const demoProducts: readonly NewProduct[] = GOODS.map(([name, pricePence], at) => ({
  sku: `DEMO-${String(at + 1).padStart(3, '0')}`,
  name,
  pricePence,
  stock: STOCK,
}));
