import { Global, Module } from '@nestjs/common';
import { ProductCatalogue, StockKeeper } from '@shop/contracts';
import { ProductCaches } from './product.caches.js';
import { ProductEditor } from './product-editor.js';
import { ProductReader } from './product.reader.js';
import { ProductsWarmup } from './products.warmup.js';
import { SqlStockKeeper } from './stock.keeper.js';

/** Needs an implementation of `BestSellers` in a global module. */
@Global()
@Module({
  providers: [
    ProductCaches,
    ProductEditor,
    ProductReader,
    ProductsWarmup,
    { provide: ProductCatalogue, useExisting: ProductReader },
    { provide: StockKeeper, useClass: SqlStockKeeper },
  ],
  exports: [ProductEditor, ProductReader, ProductCatalogue, StockKeeper],
})
export class CatalogModule {}
