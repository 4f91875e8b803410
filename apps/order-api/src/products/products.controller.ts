import { ProductNotFoundError } from '@shop/contracts';
import { canonicalJson, PageCursors } from '@fourfold/kernel';
import { Controller, Get, Post, Put, Req, Res } from '@nestjs/common';
import {
  type CreateProduct,
  createProductSchema,
  type ListProducts,
  listProductsSchema,
  ProductEditor,
  productListCache,
  ProductReader,
  setStockSchema,
  SkuTakenError,
} from '@shop/catalog';
import type { Page, ProductView } from '@shop/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CustomersToo, OperatorOnly } from '../auth/access.js';
import { Conditional, conditional, encoded, sendConditional, SHARED } from '../http/conditional.js';
import { IdParam, ValidBody, ValidQuery } from '../http/zod.pipe.js';
import { Answers } from '../openapi/answers.js';
import { ConditionalGet } from './conditional-get.js';
import { Operation } from '../routes/operation.js';

/** Looking a product up by its SKU is seldom done twice, so it is left to the replicas. */
const isCatalogue = ({ query }: FastifyRequest): boolean => (query as { sku?: string }).sku === undefined;

@Controller('v1/products')
export class ProductsController {
  constructor(
    private readonly editor: ProductEditor,
    private readonly products: ProductReader,
    private readonly cursors: PageCursors,
  ) {}

  @Get()
  @CustomersToo()
  @ConditionalGet({ namespace: productListCache.name, when: isCatalogue })
  @Answers(200, 'products', 'Warning')
  @Operation('The catalogue, or the product with a SKU')
  async list(
    @ValidQuery(listProductsSchema) query: ListProducts,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<ProductView> | string | undefined> {
    const { cursor, sku } = query;
    const list = `products ${canonicalJson({ sku })}`;
    const page = await this.cursors.readPage(list, cursor, (after) => this.products.list(query, after));
    if (isCatalogue(request)) return page;
    return conditional(request, reply, encoded(page), SHARED);
  }

  @Get(':id')
  @CustomersToo()
  @Conditional()
  @Answers(200, 'product', 'Warning')
  @Operation('A product', ProductNotFoundError)
  async get(
    @IdParam() id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendConditional(request, reply, encoded(await this.products.get(id)), SHARED);
  }

  @Post()
  @OperatorOnly()
  @Answers(201, 'product', 'Location')
  @Operation('Adds a product to the catalogue', SkuTakenError)
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
  @Operation('Sets how many units of a product there are', ProductNotFoundError)
  async setStock(
    @IdParam() id: string,
    @ValidBody(setStockSchema) { stock }: z.output<typeof setStockSchema>,
  ): Promise<ProductView> {
    await this.editor.setStock(id, stock);
    return { ...(await this.products.get(id)), stock };
  }
}
