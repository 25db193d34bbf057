package config

import (
	"fmt"
	"strings"

	"sluice/contracts/strictyaml"
)

const introduction = `# Configuration

<!-- Made by go generate from the spec in cmd/internal/config; do not edit. -->

` + "`sluice serve --config sluice.yaml`" + ` reads one YAML file. A key that is not in the table is refused, with the nearest known one
suggested. Every key can also be given as the environment variable beside it, which wins over the file; lists are then
written with commas, and an empty variable counts as absent. Without a file the environment and the defaults are all there is.
` + "`deploy/sluice.yaml`" + ` has every key, for a start.

` + "```yaml" + `
database: /var/lib/sluice/sluice.db
listen:
  portal:   { address: "0.0.0.0:8080", certificate: /etc/sluice/tls.crt, key: /etc/sluice/tls.key }
  agencies: { address: "0.0.0.0:8081", certificate: /etc/sluice/tls.crt, key: /etc/sluice/tls.key, url: "https://push.example" }
clients:
  portal:
    token: env:PORTAL_TOKEN
    webhook: { url: "https://portal.example/events", secret: "file:/run/secrets/webhook" }
agencies:
  zags: { token: env:ZAGS_PUSH_TOKEN }
operators:
  duty: { token: "sha256:3f1d8a5c0e7b4296a1c3d5e7f90b2d4c6e8fa0b1c2d3e4f5061728394a5b6c7d" }
` + "```" + `

` + "`sluice serve --config sluice.yaml --check`" + ` validates everything that serving needs, the file, secrets, certificates, workspaces, manifests,
mappings, contracts, the database and the broker, prints what is wrong and exits: 0 when all of it is right, 1 otherwise. A hub serves without an
agency whose files are broken; the check does not pass over it.

**Secrets** stand in no file: a key that needs one takes ` + "`env:NAME` or `file:PATH`" + `. Of a token the hash is enough:
` + "`sha256:` and what `printf %s TOKEN | sha256sum`" + ` prints. In the key's own environment variable the secret itself may stand.
Tokens have at least 16 characters; ` + "`openssl rand -hex 32`" + ` makes a good one.

**Names** of clients, agencies and operators stand for ` + "`<name>`" + `: ` + "`SLUICE_CLIENTS_PORTAL_TOKEN`" + ` is the token of the client ` + "`portal`" + `,
and makes that client when the file has none of that name.

**Paths** are relative to the folder where the hub is started. **Durations** are written 20s, 5m, 1h30m or 90d, **sizes** 16KiB or 4MiB.

**Agencies' addresses and credentials** stand in their manifests (docs/manifest.md). What goes out uses the proxy that ` + "`HTTPS_PROXY`" + `,
` + "`HTTP_PROXY` and `NO_PROXY`" + ` name, and trusts the system's certificate authorities, or those of ` + "`SSL_CERT_FILE`" + `.

**Memory**: the hub collects garbage when its heap has grown by four fifths (` + "`GOGC=80`" + `). The variables of Go's runtime decide otherwise:
` + "`GOGC=100`" + ` takes more memory for some processor time, ` + "`GOMEMLIMIT=200MiB`" + ` is the size that it tries not to exceed.

`

// Reference is docs/configuration.md: every key with its variable, type, default and meaning.
func Reference() string {
	var b strings.Builder
	b.WriteString(introduction)
	b.WriteString("| key | environment | value | default | meaning |\n|---|---|---|---|---|\n")
	for _, k := range strictyaml.Keys(&Config{}) {
		def := ""
		switch {
		case k.Need:
			def = "*required*"
		case k.Default != "":
			def = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", k.Path, variable(k.Path), k.Type, def, k.Doc)
	}
	return b.String()
}
