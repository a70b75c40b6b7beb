# docker build -t datapulse . && docker run -d --name datapulse -p 8080:8080 -v datapulse:/var/lib/datapulse datapulse
FROM node:26.10.0-trixie-slim AS build
WORKDIR /src
COPY . .
RUN npm ci
RUN node tools/pack.ts --to /packed datapulse
WORKDIR /opt/datapulse
RUN npm install --omit=dev --ignore-scripts /packed/datapulse.tgz

FROM node:26.10.0-trixie-slim
COPY --from=build /opt/datapulse /opt/datapulse
RUN install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/datapulse
USER 10001:10001
WORKDIR /var/lib/datapulse
ENV HOME=/var/lib/datapulse PATH=/opt/datapulse/node_modules/.bin:$PATH DATAPULSE_DATA_DIR=/var/lib/datapulse/data DATAPULSE_HOST=0.0.0.0
VOLUME /var/lib/datapulse
EXPOSE 8080
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.DATAPULSE_PORT || 8080}/readyz`).then(reply => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
CMD ["datapulse", "serve"]
