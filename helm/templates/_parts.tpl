{{- define "simedsos.name" -}}
{{- printf "%s-%s" .Release.Name "simedsos" | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "simedsos.selector" -}}
app.kubernetes.io/name: simedsos
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "simedsos.labels" -}}
{{ include "simedsos.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "simedsos.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "simedsos.secret" -}}
{{- if .Values.externalSecret.enabled -}}
{{ include "simedsos.name" . }}-settings
{{- else -}}
{{ required "existingSecret names the Secret with simedsos_database_url, or enable externalSecret" .Values.existingSecret }}
{{- end -}}
{{- end -}}

{{- define "simedsos.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "simedsos.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "simedsos.environment" -}}
- {name: SIMEDSOS_SECRETS_DIR, value: /run/secrets/simedsos}
{{- if .Values.cnpg.enabled }}
# The owner migrates; the service's own login is made by the migration's Secret.
- name: SIMEDSOS_OWNER_DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ include "simedsos.name" . }}-database-app, key: uri}}
{{- end }}
{{- if .Values.auditAnchors.existingClaim }}
- {name: SIMEDSOS_AUDIT_ANCHOR_FILE, value: /anchors/simedsos.jsonl}
{{- end }}
{{- end -}}

{{- define "simedsos.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 2Gi}
- name: secrets
  secret: {secretName: {{ include "simedsos.secret" . }}, defaultMode: 0440}
{{- if .Values.auditAnchors.existingClaim }}
- name: anchors
  persistentVolumeClaim: {claimName: {{ .Values.auditAnchors.existingClaim }}}
{{- end }}
{{- end -}}

{{- define "simedsos.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: secrets, mountPath: /run/secrets/simedsos, readOnly: true}
{{- if .Values.auditAnchors.existingClaim }}
- {name: anchors, mountPath: /anchors}
{{- end }}
{{- end -}}

{{/* A Deployment of one role; beside it stands what its probes and ports are. */}}
{{- define "simedsos.deployment" -}}
{{- $root := .root -}}
{{- $own := index $root.Values .role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "simedsos.name" $root }}-{{ .role }}
  labels: {{- include "simedsos.labels" . | nindent 4 }}
spec:
  {{- if not (dig "autoscaling" "enabled" false $own) }}
  replicas: {{ $own.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector:
    matchLabels: {{- include "simedsos.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "simedsos.labels" . | nindent 8 }}
      annotations:
        checksum/settings: {{ toYaml $root.Values.settings | sha256sum }}
        {{- with $root.Values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      serviceAccountName: {{ include "simedsos.name" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
      securityContext: {{- include "simedsos.podSecurity" $root | nindent 8 }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if $root.Values.topologySpread }}
      topologySpreadConstraints:
        {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ $key }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "simedsos.selector" $ | nindent 14 }}
        {{- end }}
      {{- end }}
      {{- with $root.Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .role }}
          image: {{ include "simedsos.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ .role }}]
          securityContext: {{- include "simedsos.containerSecurity" $root | nindent 12 }}
          envFrom:
            - configMapRef: {name: {{ include "simedsos.name" $root }}}
          env: {{- include "simedsos.environment" $root | nindent 12 }}
            {{- if ne .role "api" }}
            - {name: SIMEDSOS_WORKER_METRICS_HOST, value: 0.0.0.0}
            - {name: SIMEDSOS_WORKER_METRICS_PORT, value: "9101"}
            - {name: SIMEDSOS_HEARTBEAT_FILE, value: /tmp/beat}
            {{- end }}
          volumeMounts: {{- include "simedsos.mounts" $root | nindent 12 }}
          resources: {{- toYaml $own.resources | nindent 12 }}
          {{- .probes | nindent 10 }}
      volumes: {{- include "simedsos.volumes" $root | nindent 8 }}
{{- end -}}
