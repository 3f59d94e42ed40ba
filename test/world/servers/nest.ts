import 'reflect-metadata';
import { Body, Controller, Module, Post, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Express } from 'express';
import type { Listener } from './stack.js';

interface Decorators {
  /** By the constructor's parameters. */
  parameters?: ParameterDecorator[];
  methods?: Record<string, MethodDecorator[]>;
}

/** Applies Nest's decorators, which are of TypeScript's older kind: Playwright's compiler doesn't know their syntax. */
export function decorate(target: Type<object>, own: ClassDecorator[], { parameters = [], methods = {} }: Decorators = {}): void {
  const prototype = target.prototype as object;
  parameters.forEach((one, index) => one(target, undefined, index));
  for (const [name, all] of Object.entries(methods)) for (const one of all) one(prototype, name, Object.getOwnPropertyDescriptor(prototype, name)!);
  for (const one of own) one(target);
}

/** A controller that calls `act` for a POST to /api/notes; `decorators` are the route's. */
export function notesController(act: (text: string) => void, decorators: MethodDecorator[] = []): Type<object> {
  class Notes {
    add(text: string): void {
      act(text);
    }
  }
  Body('text')(Notes.prototype, 'add', 0);
  decorate(Notes, [Controller('api/notes')], { methods: { add: [...decorators, Post()] } });
  return Notes;
}

/** The application of one module. */
export async function nest(metadata: ModuleMetadata): Promise<Listener> {
  const App = function App() {} as unknown as Type<object>;
  decorate(App, [Module(metadata)]);
  const app = await NestFactory.create(App, { logger: false });
  await app.init();
  return app.getHttpAdapter().getInstance() as Express;
}
