{{- /* Pods and containers that pass the Pod Security Standard "restricted". */}}
{{- define "boxoffice.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "boxoffice.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* A dict as the `env` of a container. */}}
{{- define "boxoffice.env" -}}
{{- range $name, $value := . }}
- {name: {{ $name }}, value: {{ toString $value | quote }}}
{{- end }}
{{- end }}

{{- /*
The environment of every process: capabilities, and where the servers are. No credential is in it.
*/}}
{{- define "boxoffice.settings" -}}
{{- $name := include "boxoffice.fullname" . }}
{{- $tier := omit .Values.tier "SERVICES" "INSTANCES" "MAX_INSTANCES" "REGIONS" }}
{{- $more := dict
  "REGION" (splitList "," .Values.tier.REGIONS | first)
  "DISCOVERY_URL" (printf "http://%s-{service}:8000" $name)
  "DATABASE_URL" .Values.dependencies.databaseUrl
  "REDIS_URL" .Values.dependencies.redisUrl
  "KAFKA_BOOTSTRAP_SERVERS" .Values.dependencies.kafkaBootstrapServers
  "SMTP_URL" .Values.dependencies.smtpUrl
  "NOTIFICATIONS_SHOP_URL" (printf "https://%s" .Values.edge.domain)
  "OTEL_EXPORTER_OTLP_ENDPOINT" .Values.dependencies.otlpEndpoint
  "HOST" "0.0.0.0"
  "PORT" 8000
  "ANSWERS_PER_CONNECTION" 200
}}
{{- if eq .Values.secrets.mode "vault" }}
{{- $_ := set $more "VAULT_ADDR" .Values.secrets.vault.address }}
{{- $_ = set $more "VAULT_JWT_FILE" "/var/run/secrets/vault/token" }}
{{- if .Values.secrets.vault.caSecret }}{{ $_ = set $more "VAULT_CA_FILE" "/var/run/secrets/vault-ca/ca.crt" }}{{ end }}
{{- else }}
{{- $_ := set $more "SECRETS_FOLDER" "/var/run/secrets/boxoffice" }}
{{- end }}
{{- merge $tier $more | toYaml }}
{{- end }}

{{- /* Takes {root}: where the files of a process are that let it have its secrets. */}}
{{- define "boxoffice.secretMounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if eq .root.Values.secrets.mode "vault" }}
- {name: vault-token, mountPath: /var/run/secrets/vault, readOnly: true}
{{- if .root.Values.secrets.vault.caSecret }}
- {name: vault-ca, mountPath: /var/run/secrets/vault-ca, readOnly: true}
{{- end }}
{{- else }}
- {name: secrets, mountPath: /var/run/secrets/boxoffice, readOnly: true}
{{- end }}
{{- end }}

{{- /* Takes {root, login, optional}: whether the login may have no secret but its database user. */}}
{{- define "boxoffice.secretVolumes" -}}
- {name: tmp, emptyDir: {sizeLimit: 64Mi}}
{{- if eq .root.Values.secrets.mode "vault" }}
- name: vault-token
  projected:
    sources:
      - serviceAccountToken: {path: token, audience: {{ .root.Values.secrets.vault.audience }}, expirationSeconds: 3600}
{{- with .root.Values.secrets.vault.caSecret }}
- {name: vault-ca, secret: {secretName: {{ . }}}}
{{- end }}
{{- else }}
- name: secrets
  projected:
    sources:
      {{- include "boxoffice.secretSources" . | nindent 6 }}
{{- end }}
{{- end }}

{{- /*
Spread over nodes and zones, as well as there are such. With a second constraint, for zones, the scheduler would leave nodes
without that label out of the first one too: so zones are an affinity. Takes {labels, affinity}; the latter wins.
*/}}
{{- define "boxoffice.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- .labels | nindent 8 }}
{{- $term := dict "topologyKey" "topology.kubernetes.io/zone" "matchLabelKeys" (list "pod-template-hash") "labelSelector" (dict "matchLabels" (fromYaml .labels)) }}
{{- $apart := dict "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 100 "podAffinityTerm" $term)) }}
affinity: {{- mergeOverwrite (dict "podAntiAffinity" $apart) .affinity | toYaml | nindent 2 }}
{{- end }}
