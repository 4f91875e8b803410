import { Body, type ArgumentMetadata, Param, type PipeTransform, Query } from '@nestjs/common';
import { idSchema } from '@shop/contracts';
import type { z } from 'zod';
import { ValidationError } from './http.errors.js';

/** Parses one part of a request; what comes out is what the schema says, and nothing else. */
export class ZodPipe<S extends z.ZodType> implements PipeTransform<unknown, z.output<S>> {
  constructor(private readonly schema: S) {}

  transform(value: unknown, { type, data }: ArgumentMetadata): z.output<S> {
    const result = this.schema.safeParse(value);
    if (result.success) return result.data;
    throw ValidationError.of(data ?? type, result.error);
  }
}

export const ValidBody = (schema: z.ZodType): ParameterDecorator => Body(new ZodPipe(schema));
export const ValidQuery = (schema: z.ZodType): ParameterDecorator => Query(new ZodPipe(schema));
export const IdParam = (name = 'id'): ParameterDecorator => Param(name, new ZodPipe(idSchema));
