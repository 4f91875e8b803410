import { canonicalJson, PageCursors } from '@fourfold/kernel';
import { Controller, Get, Post, Put, Res } from '@nestjs/common';
import {
  type CreateProduct,
  createProductSchema,
  type ListProducts,
  listProductsSchema,
  ProductEditor,
  ProductReader,
  setStockSchema,
} from '@shop/catalog';
import type { Page, ProductView } from '@shop/contracts';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { CustomersToo, OperatorOnly } from '../auth/access.js';
import { IdParam, ValidBody, ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';

@ApiTags('products')
@Controller('v1/products')
export class ProductsController {
  constructor(
    private readonly editor: ProductEditor,
    private readonly products: ProductReader,
    private readonly cursors: PageCursors,
  ) {}

  @Get()
  @CustomersToo()
  @Answers(200, 'products')
  list(@ValidQuery(listProductsSchema) query: ListProducts): Promise<Page<ProductView>> {
    const { cursor, sku } = query;
    const list = `products ${canonicalJson({ sku })}`;
    return this.cursors.readPage(list, cursor, (after) => this.products.list(query, after));
  }

  @Get(':id')
  @CustomersToo()
  @Answers(200, 'product')
  get(@IdParam() id: string): Promise<ProductView> {
    return this.products.get(id);
  }

  @Post()
  @OperatorOnly()
  @Answers(201, 'product')
  async create(
    @ValidBody(createProductSchema) input: CreateProduct,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProductView> {
    const product = await this.editor.create(input);
    reply.header('Location', `/v1/products/${product.id}`);
    return product;
  }

  @Put(':id/stock')
  @OperatorOnly()
  @Answers(200, 'product')
  async setStock(
    @IdParam() id: string,
    @ValidBody(setStockSchema) { stock }: z.output<typeof setStockSchema>,
  ): Promise<ProductView> {
    await this.editor.setStock(id, stock);
    return { ...(await this.products.get(id)), stock };
  }
}
