{{- define "dependencies.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "dependencies.labels" -}}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{ include "dependencies.selector" . }}
{{- end }}

{{- /*
One server: a StatefulSet of one pod, its Service, and a policy that lets in Box Office, and `peers` (names of other
servers here). Takes {root, name, port, user (id), container (image, args, env, probe, resources, mounts)} and, if there
are such, {volumes, data (where its volume goes), account, ports (more of them), peers, from (more peers, as in a policy)}.
*/}}
{{- define "dependencies.server" }}
{{- $full := printf "%s-%s" .root.Release.Name .name }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $full }}
  labels: {{- include "dependencies.labels" . | nindent 4 }}
spec:
  selector: {{- include "dependencies.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := merge (dict "main" .port) (.ports | default dict) }}
    - {name: {{ $name }}, port: {{ $port }}, targetPort: {{ $name }}}
    {{- end }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $full }}
  labels: {{- include "dependencies.labels" . | nindent 4 }}
spec:
  replicas: 1
  serviceName: {{ $full }}
  selector:
    matchLabels: {{- include "dependencies.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "dependencies.selector" . | nindent 8 }}
    spec:
      automountServiceAccountToken: {{ .account | default "" | ne "" }}
      {{- with .account }}
      serviceAccountName: {{ . }}
      {{- end }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      securityContext:
        runAsNonRoot: true
        runAsUser: {{ .user }}
        runAsGroup: {{ .user }}
        fsGroup: {{ .user }}
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: {{ .name }}
          image: {{ index .root.Values.images .name }}
          imagePullPolicy: {{ .root.Values.pullPolicy }}
          {{- with .container.args }}
          args: {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with .container.env }}
          env: {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            {{- range $name, $port := merge (dict "main" .port) (.ports | default dict) }}
            - {name: {{ $name }}, containerPort: {{ $port }}}
            {{- end }}
          readinessProbe:
            {{- toYaml .container.probe | nindent 12 }}
            periodSeconds: 2
            timeoutSeconds: 5
          resources: {{- toYaml .container.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- with .data }}
            - {name: data, mountPath: {{ . }}}
            {{- end }}
            {{- with .container.mounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - {name: tmp, emptyDir: {}}
        {{- with .volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  {{- if .data }}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .root.Values.storage.className }}
        storageClassName: {{ . }}
        {{- end }}
        resources: {requests: {storage: {{ .root.Values.storage.size }}}}
  {{- end }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $full }}
  labels: {{- include "dependencies.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "dependencies.selector" . | nindent 6 }}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector: {matchLabels: {app.kubernetes.io/part-of: boxoffice}}
        {{- range .peers }}
        - podSelector:
            matchLabels: {{- include "dependencies.selector" (dict "root" $.root "name" .) | nindent 14 }}
        {{- end }}
        {{- with .from }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports: [{port: main}]
{{- end }}
