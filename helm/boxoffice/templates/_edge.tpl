{{- define "boxoffice.edge.selector" -}}
{{ include "boxoffice.release" . }}
app.kubernetes.io/component: edge
{{- end }}

{{- /* The binary of the public Caddy image carries this capability, and does not start in a container that may not. */}}
{{- define "boxoffice.edge.containerSecurity" -}}
{{- $security := include "boxoffice.containerSecurity" . | fromYaml }}
{{- $_ := set $security.capabilities "add" (list "NET_BIND_SERVICE") }}
{{- toYaml $security }}
{{- end }}

{{- /*
Which service answers what, from the paths of the services: of two patterns that match, the one with more segments
wins, as in services/chassis/chassis/http/dispatcher.py. `named` is a snippet of the Caddyfile.
*/}}
{{- define "boxoffice.edge.routes" -}}
{{- $name := include "boxoffice.fullname" . }}
{{- $routes := list }}
{{- range $service, $its := .Values.services }}
{{- range $its.paths }}
{{- $depth := sub 99 (splitList "/" . | len) }}
{{- $routes = append $routes (printf "%02d %s %s" $depth . $service) }}
{{- end }}
{{- end }}
{{- range $index, $route := sortAlpha $routes }}
{{- $parts := splitList " " $route }}
{{- $pattern := regexReplaceAll "{[^}]*}" (index $parts 1 | replace "." "[.]") "[^/]+" }}
@route{{ $index }} path_regexp ^{{ $pattern }}(/|$)
handle @route{{ $index }} {
	import named {{ $name }}-{{ index $parts 2 }}:8000
}
{{- end }}
# The documentation is the same at every service.
@documents path /api/openapi.json /api/docs /api/docs/*
handle @documents {
	import named {{ $name }}-{{ first $routes | splitList " " | last }}:8000
}
handle /api/* {
	error 404
}
{{- end }}

{{- /* For trying out: a CA and a certificate, made once and kept for as long as the Secret is there. */}}
{{- define "boxoffice.edge.certificate" }}
{{- $domain := .root.Values.edge.domain }}
{{- $ips := list }}
{{- $names := list $domain "localhost" (printf "%s.%s.svc" .name .root.Release.Namespace) }}
{{- if regexMatch "^[0-9.]+$" $domain }}{{ $ips = list $domain }}{{ $names = rest $names }}{{ end }}
{{- $data := dict }}
{{- with lookup "v1" "Secret" .root.Release.Namespace .name }}
{{- if eq (dig "metadata" "annotations" "boxoffice/domain" "" .) $domain }}{{ $data = .data }}{{ end }}
{{- end }}
{{- if not $data }}
{{- $ca := genCA "Box Office, made by Helm for trying out" 3650 }}
{{- $made := genSignedCert $domain $ips $names 825 $ca }}
{{- $data = dict "ca.crt" (b64enc $ca.Cert) "tls.crt" (b64enc $made.Cert) "tls.key" (b64enc $made.Key) }}
{{- end }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .name }}
  labels:
    {{- include "boxoffice.labels" .root | nindent 4 }}
    app.kubernetes.io/component: edge
  annotations:
    boxoffice/domain: {{ $domain | quote }}
type: kubernetes.io/tls
data: {{- toYaml $data | nindent 2 }}
{{- end }}
