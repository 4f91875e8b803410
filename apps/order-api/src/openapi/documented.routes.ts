import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { type Access, accessOf } from '../auth/access.js';
import { type Operation, operationOf } from '../routes/operation.js';

export interface DocumentedRoute {
  /** As in the document: `/v1/orders/{id}`. */
  readonly path: string;
  /** In lower case. */
  readonly method: string;
  /** Its name among all: `Orders.place`. */
  readonly id: string;
  readonly access: Access;
  readonly operation: Operation;
}

/** The routes of a controller that say what they are for. */
export function documentedRoutesOf(controller: Type): DocumentedRoute[] {
  const prefix = String(Reflect.getMetadata(PATH_METADATA, controller));
  const members = Object.entries(Object.getOwnPropertyDescriptors(controller.prototype as object));
  return members.flatMap(([name, { value }]) => {
    if (typeof value !== 'function') return [];
    const method = Reflect.getMetadata(METHOD_METADATA, value as object) as RequestMethod | undefined;
    const operation = operationOf(value as object);
    if (method === undefined || operation.summary === '') return [];
    const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, value as object) as object | undefined;
    return [
      {
        path: documentPathOf(`/${prefix}/${String(Reflect.getMetadata(PATH_METADATA, value as object))}`),
        method: RequestMethod[method].toLowerCase(),
        id: `${controller.name.replace(/Controller$/, '')}.${name}`,
        access: accessOf(config ?? {}) ?? 'public',
        operation,
      },
    ];
  });
}

/** @param path with parts like `:id`, and more slashes than it needs */
export function documentPathOf(path: string): string {
  return path
    .replace(/\/+/g, '/')
    .replace(/(?<=.)\/$/, '')
    .replace(/:(\w+)/g, '{$1}');
}
