# The proxy in a container. It finds others only with the host's network, see compose.yaml. Accounts of BoneValue are in
# /home/node/.nws.
ARG BASE=node:22-slim
FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node build.mjs scripts && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${BASE}
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/public ./public
COPY --from=build /build/docs ./docs
COPY --from=build /build/*.md ./
RUN ln -s /app/dist/cli/nws.js /usr/local/bin/nws && install -d -o node -g node /home/node/.nws
USER node
ENV NODE_ENV=production MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
VOLUME /home/node/.nws
EXPOSE 9009
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "const { NWS_HOST: host, NWS_PORT: port = 9009 } = process.env; fetch(`http://${!host || /^(0\\.0\\.0\\.0|::)$/.test(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}/api/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=4", "--initial-old-space-size=96", "dist/server.js"]
