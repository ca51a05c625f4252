"""Pure ASGI middleware, outermost first: request context, security headers, CORS, errors, request body."""
