// @nestjs/core 12.5.1, @nestjs/jwt 12.0.2: https://docs.nestjs.com/security/authentication
import { Controller, Inject, Injectable, Post, UnauthorizedException, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import type { Request } from 'express';
import { decorate, nest, notesController } from '../nest.js';
import { json, type Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

/** @param refuse what the guard does with an error of `verifyAsync` */
function guard(refuse: (error: Error) => false) {
  class AuthGuard implements CanActivate {
    readonly #jwtService: JwtService;

    constructor(jwtService: JwtService) {
      this.#jwtService = jwtService;
    }

    async canActivate(context: ExecutionContext): Promise<boolean> {
      const [type, token] = context.switchToHttp().getRequest<Request>().headers.authorization?.split(' ') ?? [];
      if (type !== 'Bearer' || !token) throw new UnauthorizedException();
      try {
        await this.#jwtService.verifyAsync(token);
        return true;
      } catch (error) {
        return refuse(error as Error);
      }
    }
  }
  decorate(AuthGuard, [Injectable()], { parameters: [Inject(JwtService)] });
  return AuthGuard;
}

class AuthController {
  signIn(): never {
    throw new UnauthorizedException();
  }
}
decorate(AuthController, [Controller('api/auth')], { methods: { signIn: [Post('login')] } });

const refusing = (refuse: (error: Error) => false): Stack => ({
  ...BY_SECRET,
  wrongPassword: json('/api/auth/login', { username: 'ann', password: 'wrong' }),
  listener: (act) =>
    nest({
      imports: [JwtModule.register({ global: true, secret: SECRET })],
      controllers: [AuthController, notesController(act, [UseGuards(guard(refuse))])],
    }),
});

export const documented = refusing(() => {
  throw new UnauthorizedException();
});

export const answeringItsCode = refusing(({ message }) => {
  throw new UnauthorizedException({ code: 'TOKEN_INVALID', message });
});

/** Nest answers 403 for a guard that says no more than "no". */
export const returningFalse = refusing(() => false);
