{{- define "name" -}}
{{- if .Values.name }}{{ .Values.name }}
{{- else if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}-{{ .Chart.Name }}
{{- end }}
{{- end }}

{{- define "gateway-secret" -}}
{{ .Values.secrets.gateway | default (include "name" .) }}
{{- end }}

{{- define "owner-secret" -}}
{{ .Values.secrets.owner | default (printf "%s-migration" (include "name" .)) }}
{{- end }}

{{- define "image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Labels of all objects and pods. */}}
{{- define "object-labels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: invite-gateway
{{- end }}

{{/* Labels that select the gateway's pods. */}}
{{- define "server-selector" -}}
app.kubernetes.io/name: invite-gateway
app.kubernetes.io/component: server
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "server-labels" -}}
app.kubernetes.io/name: invite-gateway
app.kubernetes.io/component: server
{{ include "object-labels" . }}
{{- end }}

{{- define "migration-labels" -}}
app.kubernetes.io/name: invite-gateway
app.kubernetes.io/component: migration
{{ include "object-labels" . }}
{{- end }}

{{- define "import-labels" -}}
app.kubernetes.io/name: invite-gateway
app.kubernetes.io/component: import
{{ include "object-labels" . }}
{{- end }}

{{/* The spec that all pods share. */}}
{{- define "pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.pod }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
