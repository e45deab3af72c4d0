{{- define "boxoffice.fullname" -}}
{{- ternary .Release.Name (printf "%s-boxoffice" .Release.Name) (contains "boxoffice" .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "boxoffice.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: boxoffice
{{ include "boxoffice.release" . }}
{{- end }}

{{- /* Labels of a pod. No version is among them: a new chart that changes nothing restarts nothing. */}}
{{- define "boxoffice.podLabels" -}}
app.kubernetes.io/part-of: boxoffice
{{ include "boxoffice.release" . }}
{{- with .Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* What all pods of this release have in common, and no others. */}}
{{- define "boxoffice.release" -}}
app.kubernetes.io/name: boxoffice
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Takes {root, name: app or tools} and a tag, if it is another than that of the release. */}}
{{- define "boxoffice.image" -}}
{{ .root.Values.image.repository }}/{{ .name }}:{{ .tag | default .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- /*
The Deployments as a list of {name, service, role}, from tier.SERVICES: `each`, or a list of services in which
`orders:api` and `orders:worker` share one's work. As in deploy/engines/tier.py.
*/}}
{{- define "boxoffice.workloads" -}}
{{- $entries := keys .Values.services | sortAlpha }}
{{- if eq .Values.tier.SERVICES "all" }}
{{- fail "tier.SERVICES=all is the startup tier, one process for everything: run that with compose, or on a virtual machine" }}
{{- else if ne .Values.tier.SERVICES "each" }}
{{- $entries = splitList "," .Values.tier.SERVICES }}
{{- end }}
{{- range $entry := $entries }}
{{- $parts := splitList ":" (trim $entry) }}
{{- $service := first $parts }}
{{- $role := "all" }}
{{- if gt (len $parts) 1 }}{{ $role = last $parts }}{{ end }}
{{- if not (hasKey $.Values.services $service) }}
{{- fail (printf "tier.SERVICES has %q, and services has no %q" $entry $service) }}
{{- end }}
{{- if not (has $role (list "all" "api" "worker")) }}
{{- fail (printf "tier.SERVICES has %q, and %q is none of all, api, worker" $entry $role) }}
{{- end }}
- name: {{ ternary $service (printf "%s-%s" $service $role) (eq $role "all") }}
  service: {{ $service }}
  role: {{ $role }}
{{- end }}
{{- end }}

{{- /* `defaults`, what the service says, what it says for its role: a dict. Takes {root, service, role}. */}}
{{- define "boxoffice.options" -}}
{{- $service := index .root.Values.services .service }}
{{- $role := dig "roles" .role (dict) $service }}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (omit $service "roles" "paths" "callers" "secrets" | deepCopy) (deepCopy $role) | toYaml }}
{{- end }}

{{- /* tier.INSTANCES for a workload: `2`, or `1,orders=3` where they differ. Takes {root, name}. */}}
{{- define "boxoffice.instances" -}}
{{- $default := "1" }}
{{- $own := "" }}
{{- range splitList "," (toString .root.Values.tier.INSTANCES) }}
{{- $pair := splitList "=" (trim .) }}
{{- if eq (len $pair) 1 }}{{ $default = first $pair }}{{ else if eq (first $pair) $.name }}{{ $own = last $pair }}{{ end }}
{{- end }}
{{- $own | default $default }}
{{- end }}

{{- /* Seconds that a process has between SIGTERM and SIGKILL: it drains, finishes what it does, gives leases back. */}}
{{- define "boxoffice.graceSeconds" -}}
{{ add .Values.tier.DRAIN_SECONDS 30 }}
{{- end }}

{{- /* Labels of the pods that answer for a service: workers answer nobody. Takes {root, service}; empty without any. */}}
{{- define "boxoffice.answering" -}}
{{- range include "boxoffice.workloads" .root | fromYamlArray }}
{{- if and (eq .service $.service) (ne .role "worker") }}
{{ include "boxoffice.release" $.root }}
app.kubernetes.io/component: {{ .service }}
boxoffice/role: {{ .role }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Whether anybody may send requests to a service: `true` or nothing. Takes the service. */}}
{{- define "boxoffice.isCalled" -}}
{{- if or .paths .callers }}true{{ end }}
{{- end }}
