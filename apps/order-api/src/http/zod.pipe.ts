import { type ArgumentMetadata, Body, Param, type PipeTransform, Query } from '@nestjs/common';
import { idSchema } from '@shop/contracts';
import { z } from 'zod';
import { jsonSchemaOf } from '../routes/json-schema.js';
import { type Operation, operationOf, type Parameter } from '../routes/operation.js';
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
  return documented(Body(new ZodPipe(schema)), (operation) => void (operation.body = schema));
}

/** The query, checked and documented by one schema: an object, or an object that is transformed once it is checked. */
export function ValidQuery(schema: z.ZodObject | z.ZodPipe<z.ZodObject>): ParameterDecorator {
  const { required = [] } = jsonSchemaOf(schema);
  const { shape } = schema instanceof z.ZodPipe ? schema.in : schema;
  const parameters = Object.entries(shape as Record<string, z.ZodType>).map(([name, part]): Parameter => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: part,
  }));
  return documented(Query(new ZodPipe(schema)), (operation) => void operation.parameters.push(...parameters));
}

/** One part of the path, checked and documented by one schema. */
export function ValidParam(name: string, schema: z.ZodType): ParameterDecorator {
  const parameter: Parameter = { name, in: 'path', required: true, schema };
  return documented(Param(name, new ZodPipe(schema)), ({ parameters }) => void parameters.push(parameter));
}

export function IdParam(name = 'id'): ParameterDecorator {
  return ValidParam(name, idSchema);
}

/** Applies a parameter's decorator, and adds to what is said of its method. */
function documented(parameter: ParameterDecorator, add: (operation: Operation) => void): ParameterDecorator {
  return (target, key, index) => {
    parameter(target, key, index);
    const method = key === undefined ? undefined : (Reflect.get(target, key) as object | undefined);
    if (method) add(operationOf(method));
  };
}
