import { type ArgumentMetadata, Body, Param, type PipeTransform, Query } from '@nestjs/common';
import { ApiBody, ApiParam, ApiQuery } from '@nestjs/swagger';
import { idSchema } from '@shop/contracts';
import { z } from 'zod';
import { jsonSchemaOf } from '../openapi/json-schema.js';
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

/** The body, checked and documented by one schema. */
export function ValidBody(schema: z.ZodType): ParameterDecorator {
  return documented(Body(new ZodPipe(schema)), ApiBody({ schema: jsonSchemaOf(schema), required: true }));
}

/** The query, checked and documented by one schema. */
export function ValidQuery(schema: z.ZodType): ParameterDecorator {
  const { properties = {}, required = [] } = jsonSchemaOf(schema);
  const parameters = Object.entries(properties).map(([name, property]) =>
    ApiQuery({ name, required: required.includes(name), schema: property }),
  );
  return documented(Query(new ZodPipe(schema)), ...parameters);
}

/** One part of the path, checked and documented by one schema. */
export function ValidParam(name: string, schema: z.ZodType): ParameterDecorator {
  return documented(Param(name, new ZodPipe(schema)), ApiParam({ name, schema: jsonSchemaOf(schema) }));
}

export function IdParam(name = 'id'): ParameterDecorator {
  return ValidParam(name, idSchema);
}

/** Applies a parameter's decorator, and to its method the ones that describe it. */
function documented(parameter: ParameterDecorator, ...method: MethodDecorator[]): ParameterDecorator {
  return (target, key, index) => {
    parameter(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key === undefined || descriptor === undefined) return;
    for (const describe of method) describe(target, key, descriptor);
  };
}
