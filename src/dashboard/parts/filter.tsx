import { useEffect, useRef } from "preact/hooks";

interface FilterProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

/** A field to filter by. The key `/` leads to it. */
export function Filter({ label, value, onChange }: FilterProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const jump = (event: KeyboardEvent): void => {
      const { target } = event;
      const isTyping = target instanceof HTMLElement && target.matches("input, select, textarea");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", jump);
    return () => removeEventListener("keydown", jump);
  }, []);
  return (
    <label class="filter">
      <span class="hidden">{label}</span>
      <input
        ref={field}
        type="search"
        value={value}
        placeholder={`${label}  /`}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  );
}
