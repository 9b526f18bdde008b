{{- define "rpns.name" -}}
{{- if contains "rpns" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-rpns" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "rpns.selector" -}}
app.kubernetes.io/name: rpns
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rpns.labels" -}}
{{ include "rpns.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "rpns.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "rpns.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "rpns.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- /* Whether Kafka is logged in to by name and password. */ -}}
{{- define "rpns.logsIn" -}}
{{- if and (hasPrefix "SASL" .Values.kafka.securityProtocol) (ne .Values.kafka.saslMechanism "OAUTHBEARER") }}yes{{ end -}}
{{- end }}

{{- /* Components that run: those with replicas, as a map of name to component. */ -}}
{{- define "rpns.components" -}}
{{- $running := dict }}
{{- range $name, $component := .Values.components }}
{{- if and $component (gt (int $component.replicas) 0) }}{{ $_ := set $running $name $component }}{{ end }}
{{- end }}
{{- toYaml $running }}
{{- end }}
