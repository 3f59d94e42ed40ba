import express, { type RequestHandler } from 'express';

/** What an Express app does with a write that its authentication let through. */
export const writeHandlers = (act: (text: string) => void): RequestHandler[] => [
  express.json(),
  (request, response) => {
    act((request.body as { text: string }).text);
    response.sendStatus(201);
  },
];
